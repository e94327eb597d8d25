import { describe, expect, test } from 'vitest';
import type { Clock } from '../../../machines/ports.js';
import type { Input } from '../../../services/entrance/input.js';
import { LiveEntrance } from '../../../services/entrance/live-entrance.js';
import { VirtualClock } from '../../../services/clock/virtual-clock.js';

/** A clock whose time goes on at every look, as a real one's does. */
class RunningClock implements Clock {
  time = 1000;
  readonly delays: number[] = [];
  now = () => this.time++;
  setTimeout(_callback: () => void, delayMs: number): unknown {
    this.delays.push(delayMs);
    return undefined;
  }
  clearTimeout(): void {}
}

const tick = (slot: number): Input => ({ of: 'ticks', event: { type: 'TICK', slot } });

function recorded(entrance: LiveEntrance): string[] {
  const inputs: string[] = [];
  entrance.recordTo({
    input: (input, time) => inputs.push(`${time} ${input.of}${'n' in input ? ` ${input.n}` : ''}`),
    drawn: (value, time) => inputs.push(`${time} random ${value}`),
  });
  return inputs;
}

describe('a turn', () => {
  test('has one time, and the next one a later one', () => {
    const entrance = new LiveEntrance(new RunningClock(), Math.random);
    const times: number[] = [];
    const look = () => times.push(entrance.clock.now(), entrance.clock.now());
    entrance.enter(tick(1), look);
    entrance.enter(tick(2), look);
    expect(times).toEqual([1000, 1000, 1001, 1001]);
  });

  test('is over before the next begins', () => {
    const entrance = new LiveEntrance(new RunningClock(), Math.random);
    const order: string[] = [];
    entrance.enter(tick(1), () => {
      order.push('first begins');
      entrance.enter(tick(2), () => order.push('second'));
      order.push('first ends');
    });
    expect(order).toEqual(['first begins', 'first ends', 'second']);
    expect(entrance.isBusy).toBe(false);
  });

  test('sets its timers from its own time, however long it takes', () => {
    const world = new RunningClock();
    const entrance = new LiveEntrance(world, Math.random);
    entrance.enter(tick(1), () => {
      world.time += 40;
      entrance.clock.setTimeout(() => undefined, 100);
      entrance.clock.setTimeout(() => undefined, 10);
    });
    expect(world.delays).toEqual([59, 0]);
  });

  test('that throws is over', () => {
    const entrance = new LiveEntrance(new RunningClock(), Math.random);
    const fail = () => {
      throw new Error('broken');
    };
    expect(() => entrance.enter(tick(1), fail)).toThrow('broken');
    expect(entrance.isBusy).toBe(false);
  });
});

describe('the recording', () => {
  test('names what comes in before it is handled, and what is drawn', async () => {
    const clock = new VirtualClock(5000);
    const entrance = new LiveEntrance(clock, () => 0.25);
    const inputs = recorded(entrance);
    const n = entrance.number();
    entrance.enter(tick(1), () => {
      entrance.clock.setTimeout(() => inputs.push('rang'), 300);
      entrance.ask(
        n,
        { what: 'sync-status', node: 0 },
        () => Promise.reject(new Error('busy')),
        (outcome) => inputs.push('error' in outcome ? String(outcome.error) : 'answered'),
      );
      entrance.random();
    });
    await clock.advanceBy(400);
    expect(inputs).toEqual(['5000 ticks', '5000 random 0.25', '5000 answer 0', 'Error: busy', '5300 timer 0', 'rang']);
  });

  test('leaves out what nobody waits for any more', async () => {
    const clock = new VirtualClock(5000);
    const entrance = new LiveEntrance(clock, Math.random);
    const inputs = recorded(entrance);
    const life = new AbortController();
    let told: ((event: { type: 'TICK'; slot: number }) => void) | undefined;
    entrance.listen(
      'ticks',
      (tell) => (told = tell),
      ({ type }) => inputs.push(`heard ${type}`),
      life.signal,
    );
    const settle = () => inputs.push('settled');
    entrance.ask(0, { what: 'head-root', slot: 1 }, () => new Promise(() => undefined), settle, life.signal);
    entrance.ask(
      1,
      { what: 'subscriptions', node: 0, kind: 'beacon-committee', count: 1 },
      () => Promise.resolve(),
      settle,
      life.signal,
    );
    told!({ type: 'TICK', slot: 1 });
    life.abort();
    told!({ type: 'TICK', slot: 2 });
    const cleared = entrance.clock.setTimeout(() => undefined, 1);
    entrance.clock.clearTimeout(cleared);
    await clock.advanceBy(10);
    expect(inputs).toEqual(['5000 ticks', 'heard TICK']);
    expect(entrance.counters).toEqual({ questions: 0, timers: 1, timersSet: [] });
  });
});
