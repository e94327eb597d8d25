/** The simulated world: chain, node, operator and scheduler on one virtual clock, and what was seen of them. */
import type { DutyBatch, SyncStatus } from '../../machines/ports.js';
import type { ClaimLedger } from '../../machines/rules/at-most-once.js';
import { slotAt, slotStartMs, type ChainSpec, type Epoch, type Slot } from '../../machines/rules/chain-time.js';
import type { DutyAnswer, DutyKind, Role, ValidatorIndex } from '../../machines/rules/duties.js';
import type { EventLine } from '../../machines/rules/event-log.js';
import { VirtualClock } from '../../services/clock/virtual-clock.js';
import { RandomStream } from '../../src/devnet/deterministic-random.js';
import {
  chainSpecOf,
  createDevnet,
  type Chain,
  type Devnet,
  type InProcessNode,
  type NodeMethod,
} from '../../src/devnet/index.js';
import { GENESIS_MS } from '../support/rig.js';
import { Disturbances } from './disturbances.js';
import { hostileExecutor } from './executors.js';
import { Membership } from './membership.js';
import { MemoryJournal } from './memory-journal.js';
import { SLOTS_PER_EPOCH, type SimulationOptions } from './options.js';
import { startLife, type Life } from './simulated-scheduler.js';
import { watchedNode, type WatchedNode, type WatchedRequest } from './watched-node.js';

export const SLOT_MS = 12_000;
/** There and back, when nothing slows the network. */
export const LATENCY_MS = 20;
/** A request that takes longer was disturbed; after a re-org, all is right again within this time. */
export const SETTLE_MS = 10 * LATENCY_MS;

/** One duty in the hands of an executor. */
export interface HandOver {
  readonly kind: DutyKind;
  readonly slot: Slot;
  readonly epoch: Epoch;
  readonly validator: ValidatorIndex;
  readonly trigger: string;
  readonly at: number;
}

/** Whoever looks at the world. */
export interface Observer {
  handedOver?(handOver: HandOver): void;
  released?(kind: DutyKind, slot: Slot, validator: ValidatorIndex): void;
  line?(line: EventLine): void;
  requested?(method: NodeMethod): void;
  requestEnded?(request: WatchedRequest): void;
  dutiesAnswered?(role: Role, epoch: Epoch, answer: DutyAnswer): void;
  lifeEnded?(): void;
  /** An actor crashed; the scheduler says so. */
  crashed?(message: string): void;
  /** A moment before the next slot starts. */
  slotEnds?(slot: Slot): void;
}

/** Ways to break the scheduler on purpose: the checks must see it. */
export interface Sabotage {
  readonly claims?: (restored: ClaimLedger) => ClaimLedger;
  readonly executeTwice?: boolean;
  readonly loseBatch?: (batch: DutyBatch) => boolean;
  readonly loseLine?: (line: EventLine) => boolean;
}

export class World {
  readonly clock = new VirtualClock(GENESIS_MS - SLOT_MS);
  readonly devnet: Devnet;
  readonly chain: Chain;
  readonly spec: ChainSpec;
  readonly node: InProcessNode;
  readonly watched: WatchedNode;
  readonly membership = new Membership();
  readonly disturbances = new Disturbances();
  readonly observers: Observer[] = [];
  /** Since when the scheduler has been told that the node is not to be trusted. */
  unfitSince: number | undefined;
  /** Streams that are open say nothing. */
  streamsSilent = false;
  life: Life | undefined;
  readonly #journal = new MemoryJournal();
  readonly #jitter: RandomStream;
  readonly #executor: ReturnType<typeof hostileExecutor>;
  #streamRequestedAt = -Infinity;

  constructor(
    readonly options: SimulationOptions,
    readonly sabotage: Sabotage = {},
  ) {
    this.#jitter = new RandomStream(options.seed, 'jitter');
    this.#executor = hostileExecutor(options.seed, SLOT_MS, this.clock, ({ kind, slot }, validator) =>
      this.#tell((observer) => observer.released?.(kind, slot, validator)),
    );
    this.devnet = createDevnet({
      seed: options.seed,
      slotDurationMs: SLOT_MS,
      slotsPerEpoch: SLOTS_PER_EPOCH,
      validatorCount: options.validators,
      syncCommitteeSize: 8,
      scenario: { missedShare: 0.05, lateShare: 0.1 },
      clock: this.clock,
      genesisTimeMs: GENESIS_MS,
    });
    this.chain = this.devnet.chain;
    this.spec = chainSpecOf(this.chain.parameters);
    this.node = this.devnet.node({ latencyMs: LATENCY_MS });
    this.watched = watchedNode(this.node, this.clock, {
      requested: (method) => {
        if (method === 'openHeadStream') {
          this.#streamRequestedAt = this.clock.now();
          this.streamsSilent = false;
        }
        this.#tell((observer) => observer.requested?.(method));
      },
      ended: (request) => {
        this.#noteRequest(request);
        this.#tell((observer) => observer.requestEnded?.(request));
      },
      dutiesAnswered: (role, epoch, answer) => this.#tell((observer) => observer.dutiesAnswered?.(role, epoch, answer)),
      statusKnown: (status) => {
        if (isFit(status)) this.unfitSince = undefined;
        else this.unfitSince ??= this.clock.now();
      },
    });
    for (const { index, pubkey } of this.chain.validators) this.membership.begin(index, pubkey);
    this.chain.on('head', () => this.#noteHead());
    this.chain.on('chain_reorg', () => this.disturb('reorg', SETTLE_MS));
  }

  get slot(): Slot {
    return slotAt(this.spec, this.clock.now());
  }

  startOf(slot: Slot): number {
    return slotStartMs(this.spec, slot);
  }

  /** From now on for some time, not all is as a healthy node shows it. */
  disturb(concerns: number | 'all' | 'reorg', forMs = 0): void {
    const now = this.clock.now();
    this.disturbances.add(concerns, now, now + forMs);
  }

  startScheduler(): void {
    const restored = this.#journal.restore();
    this.life = startLife({
      chain: this.spec,
      clock: this.clock,
      jitter: this.#jitter,
      beaconNode: this.watched.node,
      validators: this.membership,
      execute: (batch) => this.#execute(batch),
      claims: this.sabotage.claims?.(restored) ?? restored,
      journal: this.#journal,
      recordFromSlot: 0,
      onLine: (line) => {
        if (this.sabotage.loseLine?.(line) !== true) this.#tell((observer) => observer.line?.(line));
      },
      onDiagnostic: ({ message }) => {
        if (message.includes('crashed')) this.#tell((observer) => observer.crashed?.(message));
      },
    });
  }

  stopScheduler(): void {
    this.life?.stop();
    this.life = undefined;
    this.unfitSince = undefined;
    this.#tell((observer) => observer.lifeEnded?.());
  }

  /** A moment before the next slot starts. */
  endSlot(slot: Slot): void {
    this.#tell((observer) => observer.slotEnds?.(slot));
    const oldest = slot - 4 * SLOTS_PER_EPOCH;
    this.disturbances.forgetBefore(this.startOf(oldest));
    this.#journal.forgetBefore(oldest);
    // Only how many were sent matters to nobody here.
    this.node.beaconCommitteeSubscriptions.length = 0;
    this.node.syncCommitteeSubscriptions.length = 0;
  }

  #execute(batch: DutyBatch) {
    if (this.sabotage.loseBatch?.(batch) === true) return Promise.resolve();
    const times = this.sabotage.executeTwice === true ? 2 : 1;
    for (let time = 0; time < times; time++) {
      for (const { validatorIndex: validator } of batch.duties) {
        const { kind, slot, epoch, trigger } = batch;
        const handOver = { kind, slot, epoch, validator, trigger, at: this.clock.now() };
        this.#tell((observer) => observer.handedOver?.(handOver));
      }
    }
    return this.#executor(batch);
  }

  /** Only what was done to a request on purpose excuses the scheduler: a refusal that it earned does not. */
  #noteRequest({ from, to, error }: WatchedRequest): void {
    const isRefusal =
      error?.kind === 'http' && !error.message.includes('HTTP 500') && !error.message.includes('HTTP 503');
    const failed = error !== undefined && error.kind !== 'aborted' && !isRefusal;
    if (failed || to - from > SETTLE_MS) this.disturbances.add('all', from, to);
  }

  /** A head that no stream tells shows only at the next probe. */
  #noteHead(): void {
    const now = this.clock.now();
    const heard = this.node.streamCount > 0 && !this.streamsSilent && now - this.#streamRequestedAt > SETTLE_MS;
    if (!heard) this.disturb('all', this.startOf(this.slot + 1) + SETTLE_MS - now);
  }

  #tell(what: (observer: Observer) => void): void {
    for (const observer of this.observers) what(observer);
  }
}

/** Whether duties may be handed over by this word of the node; undefined: it could not be reached. */
function isFit(status: SyncStatus | undefined): boolean {
  if (status === undefined) return false;
  return !(status.isSyncing && status.syncDistance > 4) && !status.isOptimistic && !status.elOffline;
}
