import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RealClock } from '../../../services/clock/real-clock.js';

const LONGEST = 2 ** 31 - 1;

describe('RealClock', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('tells unix time', () => {
    expect(new RealClock().now()).toBe(1_000_000);
  });

  it('runs a timer once, after its delay', () => {
    const ran = vi.fn();
    new RealClock().setTimeout(ran, 50);
    vi.advanceTimersByTime(49);
    expect(ran).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1000);
    expect(ran).toHaveBeenCalledTimes(1);
  });

  it('waits longer than 2^31 − 1 ms', () => {
    const ran = vi.fn();
    new RealClock().setTimeout(ran, 2 * LONGEST + 10);
    vi.advanceTimersByTime(2 * LONGEST + 9);
    expect(ran).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(ran).toHaveBeenCalledTimes(1);
  });

  it('cancels a timer, a chained one also in its second part', () => {
    const clock = new RealClock();
    const ran = vi.fn();
    const short = clock.setTimeout(ran, 10);
    const long = clock.setTimeout(ran, LONGEST + 10);
    clock.clearTimeout(short);
    vi.advanceTimersByTime(LONGEST + 5);
    clock.clearTimeout(long);
    vi.advanceTimersByTime(1000);
    expect(ran).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ignores what is no timer of its own', () => {
    expect(() => new RealClock().clearTimeout(undefined)).not.toThrow();
  });
});
