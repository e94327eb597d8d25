import type { BeaconNode, Clock, DutyBatch, ExecutionReport, Executors } from '../../machines/ports.js';
import { slotStartMs, type Slot } from '../../machines/rules/chain-time.js';
import type { DutyKind, Role, ValidatorIndex } from '../../machines/rules/duties.js';
import type { Diagnostic, EventLine } from '../../machines/rules/event-log.js';
import { VirtualClock } from '../../services/clock/virtual-clock.js';
import { createDevnet, type Devnet, type DevnetOptions, type InProcessNode } from '../../src/devnet/index.js';
import { createDutyScheduler, type DutyScheduler, type DutySchedulerOptions } from '../../src/duty-scheduler.js';

/** Genesis of every test chain. */
export const GENESIS_MS = 1_700_000_000_000;

/** What an executor was called with. */
export interface HandedOver {
  readonly kind: DutyKind;
  readonly slot: Slot;
  readonly validator: ValidatorIndex;
  readonly trigger: string;
  /** Ms since the duty's slot began. */
  readonly offsetMs: number;
  readonly batch: DutyBatch;
}

export interface RigOptions {
  readonly devnet?: Omit<DevnetOptions, 'clock' | 'genesisTimeMs'>;
  readonly scheduler?: Partial<DutySchedulerOptions>;
  /** Slot in which, and offset at which, the scheduler starts; default a moment before genesis. */
  readonly startSlot?: Slot;
  readonly startOffsetMs?: number;
  readonly validators?: DutySchedulerOptions['validators'];
  readonly roles?: readonly Role[];
  readonly latencyMs?: number;
  /** How an executor behaves; default: it succeeds at once. */
  readonly execute?: (batch: DutyBatch, clock: VirtualClock) => Promise<ExecutionReport | undefined>;
  /** What the scheduler sees instead of the node, or of the clock: for answers and timers that no sound one gives. */
  readonly wrapNode?: (node: InProcessNode, devnet: Devnet) => BeaconNode | readonly BeaconNode[];
  readonly wrapClock?: (clock: VirtualClock) => Clock;
}

/** A scheduler on a devnet chain, without a wire, on a virtual clock: whole and deterministic. */
export interface Rig {
  readonly clock: VirtualClock;
  readonly devnet: Devnet;
  readonly node: InProcessNode;
  readonly scheduler: DutyScheduler;
  readonly lines: EventLine[];
  readonly diagnostics: Diagnostic[];
  readonly handedOver: HandedOver[];
  /** Starts chain and scheduler, in `startSlot`. */
  start(): Promise<void>;
  /** Runs until a moment: a slot, and ms into it. */
  runTo(slot: Slot, offsetMs?: number): Promise<void>;
  stop(): Promise<void>;
  linesOf<T extends EventLine['type']>(type: T): Extract<EventLine, { type: T }>[];
}

export function createRig(options: RigOptions = {}): Rig {
  const slotDurationMs = options.devnet?.slotDurationMs ?? 12_000;
  const chainStart = GENESIS_MS + Math.min(-1, options.startSlot ?? 0) * slotDurationMs;
  const clock = new VirtualClock(chainStart);
  const devnet = createDevnet({
    slotDurationMs,
    validatorCount: 32,
    scenario: { missedShare: 0, lateShare: 0 },
    ...options.devnet,
    clock,
    genesisTimeMs: GENESIS_MS,
  });
  const node = devnet.node({ latencyMs: options.latencyMs ?? 10, lazyEventHeaders: true });
  const timing = { genesisTimeMs: GENESIS_MS, slotDurationMs };
  const handedOver: HandedOver[] = [];
  const lines: EventLine[] = [];
  const diagnostics: Diagnostic[] = [];
  const execute = options.execute ?? (() => Promise.resolve(undefined));
  const executor = (batch: DutyBatch) => {
    for (const { validatorIndex } of batch.duties) {
      const { kind, slot, trigger } = batch;
      const offsetMs = clock.now() - slotStartMs(timing, slot);
      handedOver.push({ kind, slot, validator: validatorIndex, trigger, offsetMs, batch });
    }
    return execute(batch, clock) as Promise<ExecutionReport>;
  };
  const executors: Executors = {
    attester: executor,
    aggregator: executor,
    proposer: executor,
    'sync-committee': executor,
    'sync-committee-contribution': executor,
  };
  const scheduler = createDutyScheduler({
    beaconNode: options.wrapNode?.(node, devnet) ?? node,
    validators: options.validators ?? Array.from({ length: options.devnet?.validatorCount ?? 32 }, (_, index) => index),
    executors,
    clock: options.wrapClock?.(clock) ?? clock,
    random: () => 0.5,
    ...(options.roles && { roles: options.roles }),
    ...options.scheduler,
  });
  scheduler.on('*', (line) => lines.push(line));
  scheduler.on('diagnostic', (diagnostic) => diagnostics.push(diagnostic));

  const rig: Rig = {
    clock,
    devnet,
    node,
    scheduler,
    lines,
    diagnostics,
    handedOver,
    async start() {
      await devnet.start();
      const startSlot = options.startSlot ?? 0;
      const at =
        slotStartMs(timing, startSlot) + (options.startOffsetMs ?? (options.startSlot === undefined ? -500 : 100));
      if (at > clock.now()) await clock.advanceTo(at);
      const started = scheduler.start();
      await clock.advanceBy(2 * (options.latencyMs ?? 10) + 1);
      await started;
    },
    runTo: (slot, offsetMs = 0) => clock.advanceTo(slotStartMs(timing, slot) + offsetMs),
    async stop() {
      await scheduler.stop('end of the test');
      await devnet.stop();
    },
    linesOf: (type) => lines.filter((line) => line.type === type) as never,
  };
  return rig;
}

/** Every (kind, slot, validator) that was handed over more than once, and every validator that attested twice for an epoch. */
export function doubles(handedOver: readonly HandedOver[], slotsPerEpoch: number): string[] {
  const seen = new Set<string>();
  const found: string[] = [];
  for (const { kind, slot, validator } of handedOver) {
    const keys = [`${kind} ${slot} ${validator}`];
    if (kind === 'attester') keys.push(`target epoch ${Math.floor(slot / slotsPerEpoch)} ${validator}`);
    for (const key of keys) {
      if (seen.has(key)) found.push(key);
      seen.add(key);
    }
  }
  return found;
}
