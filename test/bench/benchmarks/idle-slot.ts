import { atMost, ratio, shown, type Benchmark } from '../support/benchmark.js';
import { alternate, ratioOf, summaryOf } from '../support/statistics.js';
import { VirtualScheduler } from '../support/virtual-scheduler.js';

const SLOTS_PER_EPOCH = 4096;
/** Slots per measurement, and measurements: together they stay between the statuses' refresh and the epoch's middle. */
const SLOTS = 20;
const REPEATS = 40;
const WARM_UPS = 5;

/** A slot without a duty: its tick, its head, and whatever else a slot brings. */
export const idleSlot: Benchmark = {
  name: 'idle-slot',
  title: 'An idle slot, by the number of validators',
  run: async () => {
    const [few, many] = await Promise.all([100, 100_000].map(startIdle));
    const measured = await alternate(
      { few: () => idle(few!), many: () => idle(many!) },
      { repeats: REPEATS, warmUps: WARM_UPS },
    );
    await Promise.all([few!.stop(), many!.stop()]);
    const [a, b] = [shown(summaryOf(measured.many), ' µs'), shown(summaryOf(measured.few), ' µs')];
    return [
      atMost('a slot with 100000 validators against 100', a, b, ratio(ratioOf(measured.many, measured.few)), 1.2),
    ];
  },
};

async function startIdle(validators: number): Promise<VirtualScheduler> {
  const startAt = SLOTS_PER_EPOCH / 4 + 10;
  const scheduler = new VirtualScheduler({ validators, slotsPerEpoch: SLOTS_PER_EPOCH, slotsWithDuties: 1, startAt });
  await scheduler.start();
  return scheduler;
}

/** µs per slot. */
async function idle(scheduler: VirtualScheduler): Promise<number> {
  const began = performance.now();
  for (let slot = 0; slot < SLOTS; slot++) await scheduler.nextSlot();
  return ((performance.now() - began) * 1000) / SLOTS;
}
