import { afterEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../../services/clock/virtual-clock.js';
import { runSlotClock } from '../../services/slot-clock.js';
import { testChain } from '../support/chain.js';

const chain = testChain();
const SLOT_MS = chain.slotDurationMs;

let life: AbortController;
afterEach(() => life.abort());

/** A slot clock from the start of slot 3, and what it tells, with the time since that start. */
function running() {
  life = new AbortController();
  const start = chain.genesisTimeMs + 3 * SLOT_MS;
  const clock = new VirtualClock(start);
  const told: string[] = [];
  runSlotClock(
    chain,
    clock,
    (event) => told.push(`${clock.now() - start} ${event.type}${event.type === 'TICK' ? ` ${event.slot}` : ''}`),
    life.signal,
  );
  return { clock, told };
}

describe('the slot clock', () => {
  test('ticks at once, and at the start of every slot', async () => {
    const { clock, told } = running();
    await clock.advanceBy(2 * SLOT_MS);
    expect(told).toEqual(['0 TICK 3', `${SLOT_MS} TICK 4`, `${2 * SLOT_MS} TICK 5`]);
    expect(clock.pending).toBe(1);
    life.abort();
    expect(clock.pending).toBe(0);
  });

  for (const stepMs of [2000, 150, -150, -2000]) {
    test(`tells of a step by ${stepMs} ms within a second, and ticks when the clock says so`, async () => {
      const { clock, told } = running();
      await clock.advanceBy(5300);
      clock.jump(stepMs);
      await clock.advanceBy(SLOT_MS);
      expect(told).toEqual(['0 TICK 3', `${6000 + stepMs} CLOCK_STEPPED`, `${SLOT_MS} TICK 4`]);
    });
  }

  test('takes a timer that wakes a little late for no step', async () => {
    const { clock, told } = running();
    await clock.advanceBy(5300);
    clock.jump(100);
    await clock.advanceBy(SLOT_MS);
    expect(told).toEqual(['0 TICK 3', `${SLOT_MS} TICK 4`]);
  });

  test('after a step across slots it tells of it before it ticks, once', async () => {
    const { clock, told } = running();
    await clock.advanceBy(5300);
    clock.jump(3 * SLOT_MS);
    await clock.advanceBy(1000);
    const woke = 6000 + 3 * SLOT_MS;
    expect(told).toEqual(['0 TICK 3', `${woke} CLOCK_STEPPED`, `${woke} TICK 6`]);
  });

  test('after a step back it repeats no slot', async () => {
    const { clock, told } = running();
    await clock.advanceBy(SLOT_MS + 300);
    clock.jump(-SLOT_MS);
    await clock.advanceBy(2 * SLOT_MS);
    expect(told).toEqual(['0 TICK 3', `${SLOT_MS} TICK 4`, `${1000} CLOCK_STEPPED`, `${2 * SLOT_MS} TICK 5`]);
  });

  test('ticks no more when what it told of the step stopped it', async () => {
    life = new AbortController();
    const clock = new VirtualClock(chain.genesisTimeMs);
    const told: string[] = [];
    const tell = ({ type }: { type: string }) => {
      told.push(type);
      if (type === 'CLOCK_STEPPED') life.abort();
    };
    runSlotClock(chain, clock, tell, life.signal);
    clock.jump(2 * SLOT_MS);
    await clock.advanceBy(SLOT_MS);
    expect(told).toEqual(['TICK', 'CLOCK_STEPPED']);
    expect(clock.pending).toBe(0);
  });
});
