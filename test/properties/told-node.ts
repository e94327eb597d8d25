import {
  BeaconNodeError,
  type AttestationData,
  type BeaconNode,
  type Clock,
  type HeadRoot,
  type HeadStreamListener,
  type SyncStatus,
} from '../../machines/ports.js';
import type { ChainSpec } from '../../machines/rules/chain-time.js';
import type { DutyAnswer, Role } from '../../machines/rules/duties.js';
import type { ValidatorId, ValidatorRecord } from '../../machines/rules/validators.js';
import { answerOf } from './answers.js';
import type { PlainChain, Roots, Row } from './plain-chain.js';
import { epochOf, periodOfEpoch, slotAt, SLOT_MS } from './plain-time.js';

/** A request for a duty table. */
export interface TableRequest {
  readonly role: Role;
  readonly target: number;
  /** Undefined: everyone. */
  readonly asked: readonly number[] | undefined;
  readonly at: number;
}

/** What a node's answer to a {@link TableRequest} said. */
export interface TableAnswer {
  readonly root: string | null;
  readonly rows: readonly Row[];
}

/** Who listens to everything that the node says, at the moment it says it. */
export interface NodeAudience {
  requested(request: TableRequest): void;
  answered(request: TableRequest, answer: TableAnswer): void;
  failed(request: TableRequest): void;
  /** An answer that no sound port gives: the role crashes. */
  garbled(role: Role): void;
  told(roots: Roots, head: { readonly slot: number; readonly optimistic: boolean } | undefined): void;
  saidStatus(unfit: boolean): void;
  saidRecords(records: readonly ValidatorRecord[]): void;
  /** Root of the block that data for signing votes for, served in a slot. */
  servedData(role: Role, slot: number, root: string): void;
}

interface HeldRequest {
  readonly request: TableRequest;
  answer(how: ReleaseMode): void;
}

export type ReleaseMode = 'as it is now' | 'as it was then' | 'with an error';

const WELL: SyncStatus = { headSlot: 0, syncDistance: 0, isSyncing: false, isOptimistic: false, elOffline: false };
/** A real node ends a request for data after so long. */
const DATA_BUDGET_MS = 2000;
const SLOW_DATA_MS = 900;

/** A request for duties that hangs is given up after so long, and made again a moment later. */
const PATIENCE_MS = 4 * SLOT_MS - 1;

/** A beacon node on the reference chain that can be made to err in every way the scheduler must bear. */
export class ToldNode implements BeaconNode {
  readonly url = 'properties:node';
  readonly held: HeldRequest[] = [];
  readonly holding = new Set<Role>();
  readonly failing = new Map<Role, 400 | 500>();
  readonly garbling = new Set<Role>();
  reachable = true;
  refusesStreams = false;
  status: SyncStatus | 'slow' = WELL;
  data: 'fine' | 'fails' | 'hangs' | 'old' | 'slow' = 'fine';
  lookUpsFail = false;
  /** Requests that have not been answered, and that nobody gave up. */
  readonly open = new Set<TableRequest>();
  /** Every request, for counting. */
  readonly calls: { readonly method: string; readonly at: number }[] = [];
  readonly #streams = new Set<HeadStreamListener>();
  #probedEpoch: number | undefined;

  constructor(
    private readonly spec: ChainSpec,
    private readonly chain: PlainChain,
    private readonly clock: Clock,
    private readonly audience: NodeAudience,
    private readonly servesProposerV2: boolean,
  ) {}

  get openStreams(): number {
    return this.#streams.size;
  }

  /** Emits the head, as `slot` and `roots` of the chain say, on every stream. */
  announce(optimistic = false): void {
    if (this.#streams.size === 0) return;
    const roots = this.chain.roots();
    const { slot, block, previous, current } = roots;
    this.audience.told(roots, { slot, optimistic });
    for (const stream of this.#streams) {
      stream.alive();
      stream.head({
        slot,
        block,
        previousDutyDependentRoot: previous,
        currentDutyDependentRoot: current,
        epochTransition: false,
        executionOptimistic: optimistic,
      });
    }
  }

  dropStreams(): void {
    for (const stream of [...this.#streams]) {
      this.#streams.delete(stream);
      stream.closed(new BeaconNodeError('unreachable', 'the stream ended'));
    }
  }

  /** Answers a held request; `place` counts round, so that answers come in any order. */
  release(place: number, how: ReleaseMode): void {
    if (this.held.length === 0) return;
    const [held] = this.held.splice(place % this.held.length, 1);
    held!.answer(how);
  }

  getChainSpec = (): Promise<ChainSpec> => Promise.resolve(this.spec);

  getSyncStatus = (): Promise<SyncStatus> => {
    this.#note('status');
    if (!this.reachable) {
      this.audience.saidStatus(true);
      return Promise.reject(unreachable());
    }
    if (this.status === 'slow') return Promise.reject(new BeaconNodeError('timeout', 'no status in time'));
    const { isSyncing, syncDistance, isOptimistic, elOffline } = this.status;
    this.audience.saidStatus((isSyncing && syncDistance > 4) || isOptimistic || elOffline);
    return Promise.resolve(this.status);
  };

  getValidators = (ids: readonly ValidatorId[]): Promise<ValidatorRecord[]> => {
    this.#note('validators');
    if (!this.reachable) return Promise.reject(unreachable());
    if (this.lookUpsFail) return Promise.reject(new BeaconNodeError('http', 'HTTP 500', 500));
    const records = [...this.chain.activation.keys()].map((index) => this.#record(index));
    const found = records.filter(({ pubkey }) => ids.includes(pubkey));
    this.audience.saidRecords(found);
    return Promise.resolve(found);
  };

  getAttesterDuties(epoch: number, indices: Uint32Array, signal: AbortSignal): Promise<DutyAnswer> {
    // Validator 0 is always there, so that only a probe asks for it alone.
    if (indices.length === 1 && indices[0] === 0) return this.#probe(epoch);
    return this.#table(
      { role: 'attester', target: epoch, asked: [...indices], at: this.clock.now() },
      epoch,
      1,
      signal,
    );
  }

  getProposerDuties(epoch: number, version: 1 | 2, signal: AbortSignal): Promise<DutyAnswer> {
    if (version === 2 && !this.servesProposerV2) {
      this.#note('proposer');
      return Promise.reject(new BeaconNodeError('http', 'not found', 404));
    }
    const request: TableRequest = { role: 'proposer', target: epoch, asked: undefined, at: this.clock.now() };
    return this.#table(request, epoch, version, signal);
  }

  getSyncCommitteeDuties(epoch: number, indices: Uint32Array, signal: AbortSignal): Promise<DutyAnswer> {
    const target = periodOfEpoch(epoch);
    const request: TableRequest = { role: 'sync-committee', target, asked: [...indices], at: this.clock.now() };
    return this.#table(request, epoch, 1, signal);
  }

  getAttestationData = async (slot: number, index: number | undefined): Promise<AttestationData> => {
    const beaconBlockRoot = await this.#headRoot('attester');
    const checkpoint = { epoch: epochOf(slot), root: beaconBlockRoot };
    return { slot, index: index ?? 0, beaconBlockRoot, source: checkpoint, target: checkpoint };
  };

  getHeadRoot = async (): Promise<HeadRoot> => ({
    root: await this.#headRoot('sync-committee'),
    executionOptimistic: false,
  });

  subscribeBeaconCommittees = (): Promise<void> => this.#subscribe();
  subscribeSyncCommittees = (): Promise<void> => this.#subscribe();

  openHeadStream(listener: HeadStreamListener, signal: AbortSignal): void {
    this.#note('stream');
    if (this.refusesStreams || !this.reachable) {
      queueMicrotask(() => {
        if (!signal.aborted) listener.closed(unreachable());
      });
      return;
    }
    this.#streams.add(listener);
    listener.opened();
    signal.addEventListener('abort', () => this.#streams.delete(listener), { once: true });
  }

  #note(method: string): void {
    this.calls.push({ method, at: this.clock.now() });
  }

  #record(index: number): ValidatorRecord {
    const activationEpoch = this.chain.activation.get(index)!;
    const status = activationEpoch <= epochOf(slotAt(this.clock.now())) ? 'active_ongoing' : 'pending_queued';
    return { index, pubkey: pubkeyOf(index), status, activationEpoch, exitEpoch: Infinity };
  }

  #subscribe(): Promise<void> {
    this.#note('subscribe');
    return this.reachable ? Promise.resolve() : Promise.reject(unreachable());
  }

  #headRoot(role: Role): Promise<string> {
    this.#note(`data of ${role}`);
    if (!this.reachable) return Promise.reject(unreachable());
    switch (this.data) {
      case 'fine':
      case 'old': {
        const root = this.data === 'fine' ? this.chain.head.root : `0x${'ee'.repeat(32)}`;
        this.audience.servedData(role, slotAt(this.clock.now()), root);
        return Promise.resolve(root);
      }
      case 'slow': {
        const { root } = this.chain.head;
        this.audience.servedData(role, slotAt(this.clock.now()), root);
        return new Promise((resolve) => this.clock.setTimeout(() => resolve(root), SLOW_DATA_MS));
      }
      case 'fails':
        return Promise.reject(new BeaconNodeError('http', 'HTTP 503', 503));
      case 'hangs':
        return new Promise((_, reject) => {
          this.clock.setTimeout(() => reject(new BeaconNodeError('timeout', 'no data in time')), DATA_BUDGET_MS);
        });
    }
  }

  /** Both epochs are asked for at once; what they say together is told with the second answer. */
  async #probe(epoch: number): Promise<DutyAnswer> {
    this.#note('probe');
    if (!this.reachable) throw unreachable();
    if (this.#probedEpoch === epoch - 1) {
      this.#probedEpoch = undefined;
      this.audience.told({ epoch: epoch - 1, block: undefined, ...this.chain.rootsOf(epoch - 1) }, undefined);
    } else this.#probedEpoch = epoch;
    return answerOf('attester', 1, { root: this.chain.rootFor('attester', epoch), rows: [] });
  }

  async #table(request: TableRequest, epoch: number, version: 1 | 2, signal: AbortSignal): Promise<DutyAnswer> {
    const { role } = request;
    this.#note(role);
    this.audience.requested(request);
    if (!this.reachable) return this.#refuse(request, unreachable());
    const status = this.failing.get(role);
    if (status !== undefined) return this.#refuse(request, new BeaconNodeError('http', `HTTP ${status}`, status));
    const look = (): TableAnswer => {
      const rows = this.chain.rows(role, epoch).filter(({ validator }) => request.asked?.includes(validator) ?? true);
      return { root: this.chain.rootFor(role, epoch), rows };
    };
    if (!this.holding.has(role)) return this.#answer(request, version, look());
    this.open.add(request);
    const then = look();
    return new Promise((resolve, reject) => {
      let givenUp = false;
      const patience = this.clock.setTimeout(() => (givenUp = true), PATIENCE_MS);
      const end = () => {
        this.clock.clearTimeout(patience);
        this.open.delete(request);
        const place = this.held.findIndex((held) => held.request === request);
        if (place >= 0) this.held.splice(place, 1);
      };
      const answer = (how: ReleaseMode) => {
        end();
        if (how === 'with an error') {
          void this.#refuse(request, new BeaconNodeError('http', 'HTTP 500', 500)).catch(reject);
        } else resolve(this.#answer(request, version, how === 'as it was then' ? then : look()));
      };
      signal.addEventListener(
        'abort',
        () => {
          end();
          if (givenUp) this.audience.failed(request);
          reject(new BeaconNodeError('aborted', 'given up'));
        },
        { once: true },
      );
      this.held.push({ request, answer });
    });
  }

  #refuse(request: TableRequest, error: BeaconNodeError): Promise<never> {
    this.audience.failed(request);
    return Promise.reject(error);
  }

  #answer(request: TableRequest, version: 1 | 2, answer: TableAnswer): DutyAnswer {
    if (this.garbling.delete(request.role)) {
      this.audience.garbled(request.role);
      return { dependentRoot: answer.root, endpointVersion: version } as unknown as DutyAnswer;
    }
    this.audience.answered(request, answer);
    return answerOf(request.role, version, answer);
  }
}

export function pubkeyOf(index: number): string {
  return `0x${index.toString(16).padStart(96, '0')}`;
}

function unreachable(): BeaconNodeError {
  return new BeaconNodeError('unreachable', 'the connection was refused');
}
