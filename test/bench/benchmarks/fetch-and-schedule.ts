import { getClient } from '@lodestar/api';
import { createChainForkConfig } from '@lodestar/config';
import { createHttpBeaconNode } from '../../../services/beacon-node/http-beacon-node.js';
import { RealClock } from '../../../services/clock/real-clock.js';
import { createDutyScheduler, type DutyScheduler } from '../../../src/duty-scheduler.js';
import { NodeProcess } from '../node/node-process.js';
import { atLeast, atMost, digits, ratio, shown, type Benchmark, type Finding } from '../support/benchmark.js';
import { EventLoopMeter } from '../support/event-loop.js';
import { alternate, quantile, ratioOf, summaryOf } from '../support/statistics.js';

const SIZES = [1_000, 10_000, 100_000] as const;
const REPEATS: Readonly<Record<(typeof SIZES)[number], number>> = { 1_000: 40, 10_000: 20, 100_000: 8 };
const SLOT_MS = 12_000;
const SLOTS_PER_EPOCH = 32;
/** The time in which a swap's subscriptions go out: their block counts too. */
const AFTERMATH_MS = 60;

/** Duties of the next epoch change: all are fetched again, scheduled and subscribed. */
export const fetchAndSchedule: Benchmark = {
  name: 'fetch-and-schedule',
  title: 'Attester duties: from the first request until they are scheduled',
  run: async () => {
    const findings: Finding[] = [];
    for (const size of SIZES) findings.push(...(await measure(size)));
    return findings;
  },
};

async function measure(size: (typeof SIZES)[number]): Promise<Finding[]> {
  // A little after the middle of epoch 1: there is more than half an epoch until the next boundary.
  const now = Math.floor(Date.now() / 1000) * 1000;
  const genesisTimeMs = now - 1.5 * SLOTS_PER_EPOCH * SLOT_MS - 1000;
  const setup = { genesisTimeMs, slotDurationMs: SLOT_MS, slotsPerEpoch: SLOTS_PER_EPOCH, validators: size };
  const server = await NodeProcess.start(setup);
  const refetching = await Refetching.start(server, size);
  const peer = getClient({ baseUrl: server.url }, { config: createChainForkConfig({}) });
  const indices = Array.from({ length: size }, (_, i) => i);
  const body = JSON.stringify(indices.map(String));
  const { ours, plain, lodestar } = await alternate(
    {
      ours: () => refetching.once(),
      plain: () => timed(() => fetchAndParse(server.url, body)),
      lodestar: () => timed(async () => (await peer.validator.getAttesterDuties({ epoch: 2, indices })).value()),
    },
    { repeats: REPEATS[size] },
  );
  await refetching.stop();
  server.stop();
  const duties = `${size} duties`;
  const blocks = refetching.blocks.slice(-REPEATS[size]);
  const longest = quantile(blocks, 1);
  const block = { value: longest, text: `${digits(longest)} ms; median ${digits(quantile(blocks, 0.5))} ms` };
  const [oursText, plainText] = [shown(summaryOf(ours), ' ms'), shown(summaryOf(plain), ' ms')];
  return [
    atMost(`${duties}: time against fetch + JSON.parse`, oursText, plainText, ratio(ratioOf(ours, plain)), 1.15),
    atMost(`${duties}: longest event-loop block`, block.text, '', block, 8, ' ms'),
    atLeast(
      `${duties}: times faster than the client of @lodestar/api`,
      oursText,
      shown(summaryOf(lodestar), ' ms'),
      ratio(ratioOf(lodestar, ours)),
      3,
    ),
  ];
}

async function timed(what: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await what();
  return performance.now() - began;
}

async function fetchAndParse(url: string, body: string): Promise<unknown> {
  const response = await fetch(`${url}/eth/v1/validator/duties/attester/2`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  return JSON.parse(await response.text()) as unknown;
}

/** A scheduler whose table of the next epoch is fetched again on demand. */
class Refetching {
  /** The longest event-loop block of each refetch, in ms. */
  readonly blocks: number[] = [];
  readonly #meter = new EventLoopMeter();
  #began = 0;
  #scheduled: (ms: number) => void = () => undefined;

  private constructor(
    private readonly server: NodeProcess,
    private readonly scheduler: DutyScheduler,
    private readonly close: () => Promise<void>,
  ) {}

  static async start(server: NodeProcess, size: number): Promise<Refetching> {
    const node = createHttpBeaconNode({ url: server.url, clock: new RealClock() });
    const ask = node.getAttesterDuties.bind(node);
    node.getAttesterDuties = (epoch, indices, signal) => {
      // A probe asks for one.
      if (indices.length > 1) refetching.#began = performance.now();
      return ask(epoch, indices, signal);
    };
    const scheduler = createDutyScheduler({
      beaconNode: node,
      validators: Array.from({ length: size }, (_, i) => i),
      executors: {},
      roles: ['attester'],
      late: 'never',
    });
    const refetching = new Refetching(server, scheduler, () => node.close());
    const lookedAhead = new Promise<void>((resolve) => {
      scheduler.on('duties-fetched', ({ cause }) => {
        if (cause === 'look-ahead') resolve();
        refetching.#scheduled(performance.now() - refetching.#began);
      });
    });
    await scheduler.start();
    await lookedAhead;
    return refetching;
  }

  /** Ms from the first request to the swap. */
  async once(): Promise<number> {
    const scheduled = new Promise<number>((resolve) => (this.#scheduled = resolve));
    this.#meter.begin();
    this.server.head(true);
    const ms = await scheduled;
    await new Promise((resolve) => setTimeout(resolve, AFTERMATH_MS));
    this.blocks.push(this.#meter.end());
    return ms;
  }

  async stop(): Promise<void> {
    await this.scheduler.stop();
    await this.close();
  }
}
