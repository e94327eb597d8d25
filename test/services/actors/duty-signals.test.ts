import { describe, expect, it } from 'vitest';
import { DutySignals } from '../../../services/actors/duty-signals.js';

describe('the signals of a batch', () => {
  it('fire for those who looked before', () => {
    const signals = new DutySignals();
    const [one, other] = [signals.of(1), signals.of(2)];
    signals.abort([1], 'cancelled');
    expect(one.reason).toBe('cancelled');
    expect(other.aborted).toBe(false);
  });

  it('have fired for those who look afterwards', () => {
    const signals = new DutySignals();
    signals.abort([1], 'cancelled');
    expect(signals.of(1).reason).toBe('cancelled');
    expect(signals.of(2).aborted).toBe(false);
  });

  it('fire once, with the first reason, whenever somebody looks', () => {
    const signals = new DutySignals();
    const early = signals.of(1);
    signals.abort([1, 2], 'cancelled');
    signals.abort([1, 2], 'deadline-passed');
    expect([early.reason, signals.of(2).reason]).toEqual(['cancelled', 'cancelled']);
  });

  it('are the same for everyone who asks', () => {
    const signals = new DutySignals();
    expect(signals.of(7)).toBe(signals.of(7));
  });

  it('fire no more once the executor has reported', () => {
    const signals = new DutySignals();
    const early = signals.of(1);
    signals.end();
    signals.abort([1, 2], 'stopped');
    expect([early.aborted, signals.of(2).aborted]).toEqual([false, false]);
  });
});
