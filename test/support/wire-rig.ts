import type { DutyBatch, ExecutionReport, Executors } from '../../machines/ports.js';
import { slotAt, slotStartMs, type Slot } from '../../machines/rules/chain-time.js';
import type { EventLine, Diagnostic } from '../../machines/rules/event-log.js';
import { RealClock } from '../../services/clock/real-clock.js';
import {
  BeaconServer,
  createDevnet,
  healthyConditions,
  NodeView,
  type Devnet,
  type DevnetOptions,
} from '../../src/devnet/index.js';
import { createDutyScheduler, type DutyScheduler, type DutySchedulerOptions } from '../../src/duty-scheduler.js';
import type { HandedOver } from './rig.js';

export interface WireRigOptions {
  readonly devnet?: Omit<DevnetOptions, 'clock' | 'genesisTimeMs' | 'beaconPort'>;
  readonly scheduler?: Partial<DutySchedulerOptions>;
  /** Nodes that serve the chain; default 1. */
  readonly nodeCount?: number;
  /** Slot in which the chain stands when it begins to run; its start is at most a second old. Default 4. */
  readonly chainSlot?: Slot;
  readonly execute?: (batch: DutyBatch) => Promise<ExecutionReport | undefined>;
}

/** A scheduler on a devnet chain over real HTTP, in real time. */
export interface WireRig {
  readonly devnet: Devnet;
  /** The first of the nodes. */
  readonly server: BeaconServer;
  readonly servers: readonly BeaconServer[];
  readonly scheduler: DutyScheduler;
  readonly lines: EventLine[];
  readonly diagnostics: Diagnostic[];
  readonly handedOver: HandedOver[];
  /** The current slot. */
  slot(): Slot;
  /** Sleeps until a moment: a slot, and ms into it. */
  until(slot: Slot, offsetMs?: number): Promise<void>;
  /** First slot at a position in its epoch that begins at least two slots from now. */
  nextAt(position: number): Slot;
  linesOf<T extends EventLine['type']>(type: T): Extract<EventLine, { type: T }>[];
  stop(): Promise<void>;
}

/** Short slots and epochs, because a test waits for several; shorter ones would fail on a busy machine. */
const SLOT_MS = 1000;
const SLOTS_PER_EPOCH = 4;

/** Serves the chain and creates the scheduler, which the test starts. */
export async function createWireRig(options: WireRigOptions = {}): Promise<WireRig> {
  const slotDurationMs = options.devnet?.slotDurationMs ?? SLOT_MS;
  // Whole seconds, as the Beacon API names it.
  const genesisTimeMs = Math.floor((Date.now() - (options.chainSlot ?? 4) * slotDurationMs) / 1000) * 1000;
  const devnet = createDevnet({
    validatorCount: 32,
    slotsPerEpoch: SLOTS_PER_EPOCH,
    scenario: { missedShare: 0, lateShare: 0 },
    ...options.devnet,
    slotDurationMs,
    genesisTimeMs,
    beaconPort: 0,
  });
  await devnet.start();
  const clock = new RealClock();
  const others = Array.from({ length: (options.nodeCount ?? 1) - 1 }, () => {
    const node = new NodeView(devnet.chain, healthyConditions(), () => clock.now());
    return new BeaconServer({ node, clock });
  });
  await Promise.all(others.map((server) => server.start()));
  const servers = [devnet.server!, ...others];
  const timing = { genesisTimeMs, slotDurationMs };
  const lines: EventLine[] = [];
  const diagnostics: Diagnostic[] = [];
  const handedOver: HandedOver[] = [];
  const executor = (batch: DutyBatch) => {
    const { kind, slot, trigger } = batch;
    const offsetMs = Date.now() - slotStartMs(timing, slot);
    for (const { validatorIndex } of batch.duties)
      handedOver.push({ kind, slot, validator: validatorIndex, trigger, offsetMs, batch });
    return (options.execute?.(batch) ?? Promise.resolve(undefined)) as Promise<ExecutionReport>;
  };
  const executors: Executors = {
    attester: executor,
    aggregator: executor,
    proposer: executor,
    'sync-committee': executor,
    'sync-committee-contribution': executor,
  };
  const scheduler = createDutyScheduler({
    beaconNode: servers.map(({ url }) => url),
    validators: Array.from({ length: options.devnet?.validatorCount ?? 32 }, (_, index) => index),
    executors,
    ...options.scheduler,
  });
  scheduler.on('*', (line) => lines.push(line));
  scheduler.on('diagnostic', (diagnostic) => diagnostics.push(diagnostic));
  const slot = () => slotAt(timing, Date.now());
  return {
    devnet,
    server: devnet.server!,
    servers,
    scheduler,
    lines,
    diagnostics,
    handedOver,
    slot,
    async until(target, offsetMs = 0) {
      const waitMs = slotStartMs(timing, target) + offsetMs - Date.now();
      if (waitMs < -slotDurationMs / 2)
        throw new Error(`slot ${target} + ${offsetMs} ms is over: this machine is too slow for the test`);
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, waitMs)));
    },
    nextAt(position) {
      const earliest = slot() + 2;
      return earliest + ((((position - earliest) % SLOTS_PER_EPOCH) + SLOTS_PER_EPOCH) % SLOTS_PER_EPOCH);
    },
    linesOf: (type) => lines.filter((line) => line.type === type) as never,
    async stop() {
      await scheduler.stop('end of the test');
      await devnet.stop();
      await Promise.all(others.map((server) => server.close()));
    },
  };
}

/** Runs a test on a rig of its own and cleans up after it. */
export function onWire(options: WireRigOptions, run: (rig: WireRig) => Promise<void>): () => Promise<void> {
  return async () => {
    const rig = await createWireRig(options);
    try {
      await run(rig);
    } finally {
      await rig.stop();
    }
  };
}
