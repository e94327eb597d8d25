import { EventEmitter } from 'node:events';
import picocolors from 'picocolors';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { HeadArrivals } from '../../../src/cli/output/head-arrivals.js';
import { LiveView } from '../../../src/cli/output/live-view.js';
import { EMPTY_TALLY } from '../../../src/observability/tally.js';
import type { DutyScheduler } from '../../../src/duty-scheduler.js';

class FakeTerminal extends EventEmitter {
  readonly isTTY = true;
  columns = 80;
  rows = 24;
  written = '';
  write(text: string): boolean {
    this.written += text;
    return true;
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function viewOn(terminal: FakeTerminal, snapshot: () => undefined): LiveView {
  return new LiveView({
    title: 'run',
    nodeUrls: ['http://127.0.0.1:5052'],
    roles: ['attester'],
    scheduler: { snapshot } as Partial<DutyScheduler> as DutyScheduler,
    arrivals: new HeadArrivals(),
    restart: () => undefined,
    stream: terminal as unknown as NodeJS.WriteStream,
    colours: picocolors.createColors(false),
    tally: () => EMPTY_TALLY,
  });
}

test('is redrawn a few times a second, with what has been said meanwhile, and taken away at the end', () => {
  const terminal = new FakeTerminal();
  let frames = 0;
  const view = viewOn(terminal, () => void (frames += 1));
  expect(terminal.written).toContain('node    http://127.0.0.1:5052 waiting for it');
  view.diagnostic({ level: 'warn', message: 'the node is slow' });
  view.diagnostic({ level: 'debug', message: 'of no interest' });
  expect(terminal.written).not.toContain('the node is slow');
  vi.advanceTimersByTime(1000);
  expect(frames).toBe(5);
  expect(terminal.written).toContain('warn: the node is slow');
  expect(terminal.written).not.toContain('of no interest');
  view.close();
  const after = terminal.written;
  vi.advanceTimersByTime(1000);
  terminal.emit('resize');
  expect(terminal.written).toBe(after);
});

test('shows how far the history of the SSV contract is, until it is in', () => {
  const terminal = new FakeTerminal();
  const view = viewOn(terminal, () => undefined);
  const step = { fromBlock: 1, block: 50, toBlock: 100, logs: 7, elapsedMs: 1000, done: false };
  view.history(step);
  vi.advanceTimersByTime(250);
  expect(terminal.written).toContain(`${'━'.repeat(8)}${'─'.repeat(8)} 50 %`);
  view.history({ ...step, block: 100, done: true });
  vi.advanceTimersByTime(250);
  terminal.written = '';
  terminal.emit('resize');
  expect(terminal.written).not.toContain('SSV contract');
  view.close();
});

test('is drawn afresh when the terminal has another size', () => {
  const terminal = new FakeTerminal();
  const view = viewOn(terminal, () => undefined);
  terminal.written = '';
  terminal.columns = 60;
  terminal.emit('resize');
  expect(terminal.written).toContain('\u001b[H\u001b[J');
  expect(terminal.written).toContain('ssv-duty-scheduler run');
  view.close();
});

test('fails without ending the process', () => {
  const terminal = new FakeTerminal();
  const view = viewOn(terminal, () => {
    throw new Error('no snapshot');
  });
  expect(terminal.written).toContain('The view cannot be drawn: Error: no snapshot');
  view.close();
});
