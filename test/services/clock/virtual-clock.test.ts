import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../services/clock/virtual-clock.js';

const START = 1_700_000_000_000;

describe('VirtualClock', () => {
  it('stands still until told', async () => {
    const clock = new VirtualClock(START);
    let ran = false;
    clock.setTimeout(() => (ran = true), 0);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(ran).toBe(false);
    expect(clock.now()).toBe(START);
    expect(clock.pending).toBe(1);
  });

  it('runs timers in the order of their deadlines, then of their making, each at its exact time', async () => {
    const clock = new VirtualClock(START);
    const log: [string, number][] = [];
    const note = (name: string) => () => log.push([name, clock.now() - START]);
    clock.setTimeout(note('late'), 30);
    clock.setTimeout(note('first of two'), 20);
    clock.setTimeout(note('second of two'), 20);
    clock.setTimeout(note('early'), 10);
    clock.setTimeout(note('beyond'), 31);
    await clock.advanceTo(START + 30);
    expect(log).toEqual([
      ['early', 10],
      ['first of two', 20],
      ['second of two', 20],
      ['late', 30],
    ]);
    expect(clock.now()).toBe(START + 30);
    expect(clock.pending).toBe(1);
  });

  it('runs in the same advance what is set on the way and due by its end', async () => {
    const clock = new VirtualClock(START);
    const times: number[] = [];
    const again = () => {
      times.push(clock.now() - START);
      clock.setTimeout(again, 10);
    };
    clock.setTimeout(again, 10);
    await clock.advanceBy(35);
    expect(times).toEqual([10, 20, 30]);
    expect(clock.pending).toBe(1);
  });

  it('lets promises settle before the first timer, between timers of one instant, and after the last', async () => {
    const clock = new VirtualClock(START);
    const log: string[] = [];
    const later = async (name: string) => {
      for (let i = 0; i < 50; i++) await Promise.resolve();
      log.push(name);
    };
    void later('before');
    clock.setTimeout(() => {
      log.push('a');
      void later('after a');
    }, 5);
    clock.setTimeout(() => {
      log.push('b');
      void later('after b');
    }, 5);
    await clock.advanceBy(5);
    expect(log).toEqual(['before', 'a', 'after a', 'b', 'after b']);
  });

  it('forgets cancelled timers, whatever their place', async () => {
    const clock = new VirtualClock(START);
    const ran: number[] = [];
    const timers = [5, 1, 4, 2, 3].map((delay) => clock.setTimeout(() => ran.push(delay), delay));
    clock.clearTimeout(timers[2]);
    clock.clearTimeout(timers[1]);
    clock.clearTimeout(timers[1]);
    clock.clearTimeout(undefined);
    clock.clearTimeout({ position: 0 });
    expect(clock.pending).toBe(3);
    await clock.advanceBy(10);
    expect(ran).toEqual([2, 3, 5]);
  });

  it('a timer can be cancelled by another of the same instant', async () => {
    const clock = new VirtualClock(START);
    let ran = false;
    clock.setTimeout(() => clock.clearTimeout(second), 5);
    const second = clock.setTimeout(() => (ran = true), 5);
    await clock.advanceBy(5);
    expect(ran).toBe(false);
  });

  it('rejects with what a callback threw, after the others have run, and goes on working', async () => {
    const clock = new VirtualClock(START);
    const ran: string[] = [];
    clock.setTimeout(() => {
      throw new Error('boom');
    }, 1);
    clock.setTimeout(() => ran.push('after'), 2);
    await expect(clock.advanceBy(5)).rejects.toThrow('boom');
    expect(ran).toEqual(['after']);
    expect(clock.now()).toBe(START + 5);
    clock.setTimeout(() => ran.push('later'), 1);
    await clock.advanceBy(1);
    expect(ran).toEqual(['after', 'later']);
  });

  it('a jump moves the wall clock and no timer', async () => {
    const clock = new VirtualClock(START);
    const seen: number[] = [];
    clock.setTimeout(() => seen.push(clock.now()), 100);
    clock.jump(-5000);
    expect(clock.now()).toBe(START - 5000);
    await clock.advanceBy(99);
    expect(seen).toEqual([]);
    clock.jump(3_600_000);
    expect(seen).toEqual([]);
    await clock.advanceBy(1);
    expect(seen).toEqual([START - 5000 + 3_600_000 + 100]);
    await clock.advanceTo(clock.now() + 7);
    expect(clock.now()).toBe(START - 5000 + 3_600_000 + 107);
  });

  it('runs one timer at a time when asked to', async () => {
    const clock = new VirtualClock(START);
    const ran: number[] = [];
    clock.setTimeout(() => ran.push(1), 10);
    clock.setTimeout(() => ran.push(2), 10);
    clock.setTimeout(() => ran.push(3), Infinity);
    expect(await clock.runNext()).toBe(true);
    expect(ran).toEqual([1]);
    expect(clock.now()).toBe(START + 10);
    expect(await clock.runNext()).toBe(true);
    expect(await clock.runNext()).toBe(false);
    expect(ran).toEqual([1, 2]);
  });

  it('refuses to go backwards, and two advances at once', async () => {
    const clock = new VirtualClock(START);
    await expect(clock.advanceTo(START - 1)).rejects.toThrow(RangeError);
    await expect(clock.advanceBy(NaN)).rejects.toThrow(RangeError);
    const first = clock.advanceBy(1);
    await expect(clock.advanceBy(1)).rejects.toThrow('already');
    await first;
    expect(clock.now()).toBe(START + 1);
  });

  it('takes a negative delay, or none, as now', async () => {
    const clock = new VirtualClock(START);
    const times: number[] = [];
    clock.setTimeout(() => times.push(clock.now()), -10);
    clock.setTimeout(() => times.push(clock.now()), NaN);
    await clock.advanceBy(0);
    expect(times).toEqual([START, START]);
  });

  it('agrees with a sorted list, whatever is set and cancelled', async () => {
    const delays = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 80 });
    await fc.assert(
      fc.asyncProperty(delays, fc.array(fc.nat(79), { maxLength: 40 }), async (waits, cancelled) => {
        const clock = new VirtualClock(START);
        const ran: number[] = [];
        const timers = waits.map((delay, i) => clock.setTimeout(() => ran.push(i), delay));
        const expected = new Map(waits.entries());
        for (const i of cancelled) {
          clock.clearTimeout(timers[i]);
          expected.delete(i);
        }
        expect(clock.pending).toBe(expected.size);
        await clock.advanceBy(400);
        const inOrder = [...expected].sort(([i, a], [j, b]) => a - b || i - j).map(([i]) => i);
        expect(ran).toEqual(inOrder);
      }),
      { numRuns: 300 },
    );
  });
});
