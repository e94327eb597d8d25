import { atMost, digits, type Benchmark, type Finding } from '../support/benchmark.js';
import { VirtualScheduler } from '../support/virtual-scheduler.js';

const SLOTS_PER_EPOCH = 32;
/** Just before the middle of the epoch: one table is there, and the next one comes with the next tick. */
const START_AT = SLOTS_PER_EPOCH / 2 - 1;

/** What duties cost in memory: by what a second table adds. */
export const memory: Benchmark = {
  name: 'memory',
  title: 'Memory',
  run: async () => {
    const few = await heldBy(100);
    const many = await heldBy(100_000);
    const perDuty = many.table / 100_000;
    const finding: Finding = {
      what: 'heap with 100000 validators against 100, registry and two tables included',
      ours: megabytes(many.all),
      against: megabytes(few.all),
      result: `${digits((many.all - few.all) / 100_000)} bytes per validator`,
      aim: '',
      met: undefined,
    };
    const bytes = { value: perDuty, text: `${digits(perDuty)} bytes` };
    return [
      atMost('bytes per scheduled duty, registry excluded', megabytes(many.table), '', bytes, 24, ' bytes'),
      finding,
    ];
  },
};

/** Bytes that a scheduler holds, and how many of them the next epoch's table is. */
async function heldBy(validators: number): Promise<{ all: number; table: number }> {
  const before = heldBytes();
  const scheduler = new VirtualScheduler({
    validators,
    slotsPerEpoch: SLOTS_PER_EPOCH,
    // The slots around the middle have no duties: what a batch holds is no table.
    slotsWithDuties: START_AT - 1,
    roles: ['attester'],
    startAt: START_AT,
  });
  await scheduler.start();
  const oneTable = heldBytes();
  await scheduler.nextSlot();
  const twoTables = heldBytes();
  await scheduler.stop();
  return { all: twoTables - before, table: twoTables - oneTable };
}

function heldBytes(): number {
  if (globalThis.gc === undefined) throw new Error('the process was not started with --expose-gc');
  // Finalizers of the first collection free more.
  for (let i = 0; i < 3; i++) globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function megabytes(bytes: number): string {
  return `${digits(bytes / 1e6)} MB`;
}
