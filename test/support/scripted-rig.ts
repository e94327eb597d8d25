import type { DutyBatch, ExecutionReport, Executors } from '../../machines/ports.js';
import { slotStartMs, type ChainSpec, type Slot } from '../../machines/rules/chain-time.js';
import type { Diagnostic, EventLine } from '../../machines/rules/event-log.js';
import { VirtualClock } from '../../services/clock/virtual-clock.js';
import { chainSpecOf, DEFAULT_PARAMETERS } from '../../src/devnet/index.js';
import { createDutyScheduler, type DutyScheduler, type DutySchedulerOptions } from '../../src/duty-scheduler.js';
import { GENESIS_MS } from './rig.js';
import { ScriptedNode } from './scripted-node.js';

export interface ScriptedRigOptions {
  readonly validators?: readonly number[];
  /** How many nodes there are; default 1. */
  readonly nodeCount?: number;
  readonly chain?: Partial<ChainSpec>;
  readonly scheduler?: Partial<DutySchedulerOptions>;
  readonly execute?: (batch: DutyBatch, clock: VirtualClock) => Promise<ExecutionReport | undefined>;
}

/** A scheduler on a node that says what the test wrote down, on a virtual clock. Slots of 12 s, 8 per epoch. */
export interface ScriptedRig {
  readonly clock: VirtualClock;
  readonly chain: ChainSpec;
  /** The first of the nodes. */
  readonly node: ScriptedNode;
  readonly nodes: readonly ScriptedNode[];
  readonly scheduler: DutyScheduler;
  readonly lines: EventLine[];
  readonly diagnostics: Diagnostic[];
  /** As `slot:validator` for a kind, in the order of the hand-over. */
  ran(kind: string): string[];
  batches: DutyBatch[];
  /** Starts the scheduler at a moment. */
  startAt(slot: Slot, offsetMs?: number): Promise<void>;
  runTo(slot: Slot, offsetMs?: number): Promise<void>;
  /** Lets everything that is ready happen, without time passing. */
  settle(): Promise<void>;
  stop(): Promise<void>;
  linesOf<T extends EventLine['type']>(type: T): Extract<EventLine, { type: T }>[];
}

export function createScriptedRig(options: ScriptedRigOptions = {}): ScriptedRig {
  const parameters = { ...DEFAULT_PARAMETERS, genesisTimeMs: GENESIS_MS, slotDurationMs: 12_000 };
  const chain = { ...chainSpecOf(parameters), ...options.chain };
  const clock = new VirtualClock(GENESIS_MS - 60_000);
  const validators = options.validators ?? [1, 2, 3];
  const urlOf = (number: number) => (number === 0 ? 'scripted:node' : `scripted:node-${number + 1}`);
  const nodes = Array.from(
    { length: options.nodeCount ?? 1 },
    (_, number) => new ScriptedNode(chain, clock, validators, urlOf(number)),
  );
  const node = nodes[0]!;
  const batches: DutyBatch[] = [];
  const executor = (batch: DutyBatch) => {
    batches.push(batch);
    return (options.execute?.(batch, clock) ?? Promise.resolve(undefined)) as Promise<ExecutionReport>;
  };
  const executors: Executors = {
    attester: executor,
    aggregator: executor,
    proposer: executor,
    'sync-committee': executor,
    'sync-committee-contribution': executor,
  };
  const scheduler = createDutyScheduler({
    beaconNode: nodes,
    validators,
    executors,
    clock,
    random: () => 0.5,
    ...options.scheduler,
  });
  const lines: EventLine[] = [];
  const diagnostics: Diagnostic[] = [];
  scheduler.on('*', (line) => lines.push(line));
  scheduler.on('diagnostic', (diagnostic) => diagnostics.push(diagnostic));
  const at = (slot: Slot, offsetMs: number) => slotStartMs(chain, slot) + offsetMs;
  return {
    clock,
    chain,
    node,
    nodes,
    scheduler,
    lines,
    diagnostics,
    batches,
    ran: (kind) =>
      batches
        .filter((batch) => batch.kind === kind)
        .flatMap(({ slot, duties }) => duties.map(({ validatorIndex }) => `${slot}:${validatorIndex}`)),
    async startAt(slot, offsetMs = 0) {
      await clock.advanceTo(at(slot, offsetMs));
      await scheduler.start();
      await clock.advanceBy(0);
    },
    runTo: (slot, offsetMs = 0) => clock.advanceTo(at(slot, offsetMs)),
    settle: () => clock.advanceBy(0),
    stop: () => scheduler.stop('end of the test'),
    linesOf: (type) => lines.filter((line) => line.type === type) as never,
  };
}
