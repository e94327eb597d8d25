/** The simulated world: chain, node, operator and scheduler on one virtual clock, and what was seen of them. */
import type { BeaconNode, BeaconNodeError, DutyBatch, SyncStatus } from '../../machines/ports.js';
import type { ClaimLedger } from '../../machines/rules/at-most-once.js';
import { slotAt, slotStartMs, type ChainSpec, type Epoch, type Slot } from '../../machines/rules/chain-time.js';
import type { DutyAnswer, DutyKind, ValidatorIndex } from '../../machines/rules/duties.js';
import type { EventLine } from '../../machines/rules/event-log.js';
import { VirtualClock } from '../../services/clock/virtual-clock.js';
import { RandomStream } from '../../src/devnet/deterministic-random.js';
import { chainSpecOf, createDevnet, type Chain, type Devnet, type InProcessNode } from '../../src/devnet/index.js';
import { alteredNode } from '../support/altered-node.js';
import { GENESIS_MS } from '../support/rig.js';
import { Disturbances, type Concern } from './disturbances.js';
import { hostileExecutor } from './executors.js';
import { Membership } from './membership.js';
import { MemoryDirectory } from './memory-directory.js';
import { SLOTS_PER_EPOCH, type SimulationOptions } from './options.js';
import { RecordedLife } from './recorded-life.js';
import { startLife, type Life } from './simulated-scheduler.js';
import { ShownDuties } from './shown-duties.js';
import {
  watchedNode,
  type AskedDuties,
  type BegunRequest,
  type WatchedNode,
  type WatchedRequest,
} from './watched-node.js';

export const SLOT_MS = 12_000;
/** How the message of an error begins that was made on purpose. */
export const INJECTED = 'injected:';
/** There and back, when nothing slows the network. */
export const LATENCY_MS = 20;
/** A request that takes longer was disturbed; after a re-org, all is right again within this time. */
export const SETTLE_MS = 10 * LATENCY_MS;

/** A recorded journal has a new segment every so many slots; not where an epoch begins. */
const SEGMENT_SLOTS = 21;

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
  requested?(request: BegunRequest): void;
  requestEnded?(request: WatchedRequest): void;
  dutiesAnswered?(asked: AskedDuties, answer: DutyAnswer): void;
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
  /** Stands between the scheduler and the node that is watched. */
  readonly ask?: (node: BeaconNode) => Partial<BeaconNode>;
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
  /** What the node told this life of the scheduler. */
  readonly shown: ShownDuties;
  /** Since when the scheduler has been told that the node is not to be trusted. */
  unfitSince: number | undefined;
  /** Streams that are open say nothing. */
  streamsSilent = false;
  life: Life | undefined;
  #recorded: RecordedLife | undefined;
  /** Unix ms at which this life began. */
  startedAt = -Infinity;
  /** Jumps of the clock: unix ms before it, and by how much. */
  readonly jumps: { readonly from: number; readonly ms: number }[] = [];
  readonly #directory = new MemoryDirectory();
  readonly #jitter: RandomStream;
  readonly #executor: ReturnType<typeof hostileExecutor>;
  #streamRequestedAt = -Infinity;

  constructor(
    readonly options: SimulationOptions,
    readonly sabotage: Sabotage = {},
    /** Told the journal of each life, segment by segment, when it has ended. */
    readonly onRecorded?: (segments: readonly string[]) => void,
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
      requested: (request) => {
        if (request.method === 'openHeadStream') {
          this.#streamRequestedAt = this.clock.now();
          this.streamsSilent = false;
          this.disturb('requests');
        }
        this.#tell((observer) => observer.requested?.(request));
      },
      ended: (request) => {
        this.#noteRequest(request);
        this.#tell((observer) => observer.requestEnded?.(request));
      },
      dutiesAnswered: (asked, answer) => {
        this.shown.answered(asked, answer);
        this.#tell((observer) => observer.dutiesAnswered?.(asked, answer));
      },
      validatorsAnswered: (records) => records.forEach(({ index }) => this.shown.named(index)),
      statusKnown: (status) => this.#noteFitness(isFit(status)),
      headRootAnswered: ({ executionOptimistic }) => {
        // Nothing to sign over.
        if (executionOptimistic) this.disturb('sync-committee');
      },
    });
    this.shown = new ShownDuties(this.chain, () => this.clock.now());
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
  disturb(concerns: Concern, forMs = 0): void {
    const now = this.clock.now();
    this.disturbances.add(concerns, now, now + forMs);
    if (typeof concerns === 'number') this.shown.changed(concerns);
  }

  startScheduler(): void {
    this.startedAt = this.clock.now();
    if (this.onRecorded !== undefined) this.#recorded = new RecordedLife(this.spec, this.clock);
    this.life = startLife({
      clock: this.clock,
      jitter: this.#jitter,
      beaconNode: alteredNode(this.watched.node, this.sabotage.ask?.(this.watched.node) ?? {}),
      validators: this.membership,
      execute: (batch) => this.#execute(batch),
      dataDir: this.#directory.open(this.sabotage.claims, this.#recorded),
      onLine: (line) => {
        if (this.sabotage.loseLine?.(line) !== true) this.#tell((observer) => observer.line?.(line));
      },
      onDiagnostic: ({ message }) => {
        if (message.includes('crashed')) this.#tell((observer) => observer.crashed?.(message));
      },
      onFailure: (error) => this.#tell((observer) => observer.crashed?.(`the start failed: ${String(error)}`)),
    });
  }

  /** The journal of this life, which the test itself holds. */
  get recordedBytes(): number {
    return this.#recorded?.bytes ?? 0;
  }

  stopScheduler(): void {
    this.life?.stop();
    this.life = undefined;
    if (this.#recorded !== undefined) this.onRecorded?.(this.#recorded.segments());
    this.#recorded = undefined;
    this.#noteFitness(true);
    this.shown.forget();
    this.#tell((observer) => observer.lifeEnded?.());
  }

  /** A moment before the next slot starts. */
  endSlot(slot: Slot): void {
    this.#tell((observer) => observer.slotEnds?.(slot));
    if (slot % SEGMENT_SLOTS === 0) this.#recorded?.beginSegment();
    const oldest = slot - 4 * SLOTS_PER_EPOCH;
    this.disturbances.forgetBefore(this.startOf(oldest));
    while (this.jumps[0] !== undefined && this.jumps[0].from < this.startOf(oldest)) this.jumps.shift();
    this.#directory.forgetBefore(oldest);
    this.shown.forgetBefore(oldest);
    this.chain.forgetBefore(oldest - 4 * SLOTS_PER_EPOCH);
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
  #noteRequest({ method, from, to, error }: WatchedRequest): void {
    if (to - from > SETTLE_MS) {
      this.disturbances.add('all', from, to);
      this.disturbances.add('network', from, to);
    }
    if (error === undefined || error.kind === 'aborted') return;
    // An unfit node refuses data before it has been asked how it is.
    if (isRefusal(error) && !this.refusesUnfit({ from, to, error })) return;
    this.disturbances.add('all', from, to);
    if (method === 'getAttestationData') this.disturbances.add('attester', from, to);
    if (method === 'getHeadRoot') this.disturbances.add('sync-committee', from, to);
  }

  /** A node that is not to be trusted refuses requests, whatever they are. */
  refusesUnfit({ from, to, error }: Pick<WatchedRequest, 'from' | 'to' | 'error'>): boolean {
    return error?.status === 503 && this.disturbances.touches('unfit', from, to);
  }

  #noteFitness(fit: boolean): void {
    if (!fit) this.unfitSince ??= this.clock.now();
    else if (this.unfitSince !== undefined) {
      this.disturbances.add('unfit', this.unfitSince, this.clock.now());
      this.unfitSince = undefined;
    }
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

/** The node answered, and refused: nothing but the request itself is wrong. */
export function isRefusal(error: BeaconNodeError | undefined): boolean {
  return error?.kind === 'http' && !error.message.startsWith(INJECTED);
}

/** Whether duties may be handed over by this word of the node; undefined: it could not be reached. */
function isFit(status: SyncStatus | undefined): boolean {
  if (status === undefined) return false;
  return !(status.isSyncing && status.syncDistance > 4) && !status.isOptimistic && !status.elOffline;
}
