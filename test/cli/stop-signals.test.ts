import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { watchStopSignals } from '../../src/cli/stop-signals.js';

class FakeProcess extends EventEmitter {
  readonly exits: number[] = [];
  exit(code: number): void {
    this.exits.push(code);
  }
}

function watched({ onTerminal = true } = {}) {
  const signalled = new FakeProcess();
  const time = { now: 0 };
  return { signalled, time, signals: watchStopSignals(signalled, () => time.now, onTerminal) };
}

describe('signals', () => {
  test.each([
    ['SIGINT', 'sigint'],
    ['SIGTERM', 'sigterm'],
    ['SIGHUP', 'sighup'],
  ])('the first %s asks to stop', async (name, reason) => {
    const { signalled, signals } = watched();
    signalled.emit(name);
    expect(await signals.requested).toBe(reason);
    expect(signalled.exits).toEqual([]);
  });

  test('without a terminal SIGHUP is left as it is', () => {
    const { signalled } = watched({ onTerminal: false });
    expect(signalled.eventNames()).toEqual(['SIGINT', 'SIGTERM']);
  });

  test('another one while stopping ends the process with 1', () => {
    const { signalled, time } = watched();
    signalled.emit('SIGINT');
    time.now = 1000;
    signalled.emit('SIGTERM');
    expect(signalled.exits).toEqual([1]);
  });

  test('the same signal passed on by npm, a moment later, is one', () => {
    const { signalled, time } = watched();
    signalled.emit('SIGINT');
    time.now = 20;
    signalled.emit('SIGINT');
    expect(signalled.exits).toEqual([]);
  });

  test('a signal after another reason to stop is not the second', async () => {
    const { signalled, signals, time } = watched();
    signals.request('stdout-closed');
    time.now = 5000;
    signalled.emit('SIGINT');
    expect(await signals.requested).toBe('stdout-closed');
    expect(signalled.exits).toEqual([]);
  });
});
