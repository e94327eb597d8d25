import { EventSource } from 'eventsource';
import { createDutyScheduler, type DutyScheduler } from '../../../src/duty-scheduler.js';
import { NodeProcess } from '../node/node-process.js';
import { msSince, PLAIN_STREAM } from '../node/protocol.js';
import { atMost, digits, type Benchmark, type Finding } from '../support/benchmark.js';
import { quantile } from '../support/statistics.js';

const VALIDATORS = 100_000;
const SLOT_MS = 1000;
/** So that each slot has about a hundred duties, and half an epoch lasts longer than the benchmark. */
const SLOTS_PER_EPOCH = 1024;
const SLOTS = 40;
/** Heads of the first slots find code that has not run before. */
const WARM_UP_SLOTS = 5;

/** Latencies in ms, in the order of the slots. */
interface Latencies {
  readonly scheduler: number[];
  readonly listener: number[];
}

/** Both listen to the same node in the same process, and their heads come in turns. */
export const headToExecutor: Benchmark = {
  name: 'head-to-executor',
  title: 'Head bytes on the socket until the executor is called, without data fetch',
  run: async () => {
    // In the second half of epoch 1: the duties of epoch 2 are needed, and the boundary is far away.
    const now = Math.floor(Date.now() / 1000) * 1000;
    const genesisTimeMs = now - 1.5 * SLOTS_PER_EPOCH * SLOT_MS - 1000;
    const setup = { genesisTimeMs, slotDurationMs: SLOT_MS, slotsPerEpoch: SLOTS_PER_EPOCH, validators: VALIDATORS };
    const server = await NodeProcess.start(setup);
    const measured: Latencies = { scheduler: [], listener: [] };
    const { scheduler, fetches } = await startScheduler(server.url, measured);
    const listener = listen(server.url, measured);
    const take = (): Latencies => ({ scheduler: measured.scheduler.splice(0), listener: measured.listener.splice(0) });

    await server.play(WARM_UP_SLOTS, false);
    take();
    await server.play(SLOTS, false);
    const idle = take();
    const fetchesBefore = fetches();
    await server.play(SLOTS, true);
    const refetching = take();
    const refetches = fetches() - fetchesBefore;
    listener.close();
    await scheduler.stop();
    server.stop();
    return [
      ...comparison('idle', idle),
      ...comparison(`while ${VALIDATORS} duties refetch (${refetches} times)`, refetching),
      tail(idle, refetching),
    ];
  },
};

async function startScheduler(url: string, measured: Latencies) {
  const scheduler: DutyScheduler = createDutyScheduler({
    beaconNode: url,
    validators: Array.from({ length: VALIDATORS }, (_, i) => i),
    executors: {
      attester: ({ headBlock }) => {
        if (headBlock !== undefined) measured.scheduler.push(msSince(headBlock));
        return Promise.resolve();
      },
    },
    roles: ['attester'],
    dataFetch: false,
    late: 'never',
  });
  let fetches = 0;
  const ready = new Promise<void>((resolve) => {
    const tables = new Set<number>();
    scheduler.on('duties-fetched', (line) => {
      fetches++;
      if ('epoch' in line && tables.add(line.epoch).size === 2) resolve();
    });
  });
  await scheduler.start();
  await ready;
  return { scheduler, fetches: () => fetches };
}

/** What anybody would write first: an EventSource, and a switch that calls a function. */
function listen(url: string, measured: Latencies): EventSource {
  const execute = (head: { block: string }) => measured.listener.push(msSince(head.block));
  const events = new EventSource(`${url}/eth/v1/events?topics=head&${PLAIN_STREAM}`);
  events.addEventListener('head', ({ type, data }) => {
    switch (type) {
      case 'head':
        execute(JSON.parse(data as string) as { block: string });
    }
  });
  return events;
}

function comparison(when: string, { scheduler, listener }: Latencies): Finding[] {
  const [ours, plain] = [quantile(scheduler, 0.5), quantile(listener, 0.5)];
  const ratio = { value: ours / plain, text: `${digits(ours / plain)} ×` };
  const what = `${when}: median against eventsource + a switch`;
  return [atMost(what, described(scheduler), described(listener), ratio, 1.25)];
}

function described(latencies: readonly number[]): string {
  const [median, p99] = [quantile(latencies, 0.5), quantile(latencies, 0.99)];
  return `${digits(median)} ms, p99 ${digits(p99)} ms (${latencies.length} heads)`;
}

function tail(idle: Latencies, refetching: Latencies): Finding {
  const [quiet, busy] = [quantile(idle.scheduler, 0.99), quantile(refetching.scheduler, 0.99)];
  const more = { value: busy - quiet, text: `${busy < quiet ? '' : '+'}${digits(busy - quiet)} ms` };
  return atMost(
    'p99 while refetching against p99 when idle',
    `${digits(busy)} ms`,
    `${digits(quiet)} ms`,
    more,
    5,
    ' ms',
  );
}
