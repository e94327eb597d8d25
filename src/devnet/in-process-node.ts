import {
  BeaconNodeError,
  type AttestationData,
  type BeaconCommitteeSubscription,
  type BeaconNode,
  type Clock,
  type HeadRoot,
  type HeadStreamListener,
  type SyncCommitteeSubscription,
  type SyncStatus,
} from '../../machines/ports.js';
import { startSlotOf, type ChainSpec, type Epoch, type Slot } from '../../machines/rules/chain-time.js';
import type { DutyAnswer } from '../../machines/rules/duties.js';
import type { ValidatorId, ValidatorRecord } from '../../machines/rules/validators.js';
import { abortedError, timeoutError } from '../../services/beacon-node/failures.js';
import { timeBudgets } from '../../services/beacon-node/time-budget.js';
import { attesterColumns, proposerColumns, syncColumns } from './duty-columns.js';
import { healthyConditions, NodeView, RefusedRequest, type NodeConditions } from './node-view.js';
import type { Chain } from './chain.js';
import { chainSpecOf } from './parameters.js';

/** A request that a node serves. */
export type NodeMethod = Exclude<keyof BeaconNode, 'url'>;

/** How a method fails: with an error, or with an HTTP status. */
export type Failure = BeaconNodeError | number;

type Fault =
  | { readonly kind: 'fail'; readonly failure: Failure; left: number }
  | { readonly kind: 'hang'; left: number }
  | { readonly kind: 'delay'; readonly ms: number; left: number };

export interface InProcessNodeOptions {
  readonly chain: Chain;
  readonly clock: Clock;
  readonly url?: string;
  /** There and back, in ms; default 0. The node looks at the chain half-way. */
  readonly latencyMs?: number;
  /** True, the default: a stream counts as opened with its first event only, as over HTTP. */
  readonly lazyEventHeaders?: boolean;
}

interface Stream {
  silent: boolean;
  readonly end: (error: BeaconNodeError) => void;
}

/**
 * A beacon node on a devnet chain without a wire: same answers and refusals as the devnet's HTTP server, on any clock.
 * Faults, latency and conditions can be set at any time; `counts` tells how often each method was called.
 */
export class InProcessNode implements BeaconNode {
  readonly url: string;
  readonly conditions: NodeConditions = healthyConditions();
  readonly beaconCommitteeSubscriptions: BeaconCommitteeSubscription[] = [];
  readonly syncCommitteeSubscriptions: SyncCommitteeSubscription[] = [];
  latencyMs: number;
  readonly #view: NodeView;
  readonly #clock: Clock;
  readonly #lazyEventHeaders: boolean;
  readonly #faults = new Map<NodeMethod, Fault[]>();
  readonly #counts = new Map<NodeMethod, number>();
  readonly #streams = new Set<Stream>();
  #underWay = 0;

  constructor(options: InProcessNodeOptions) {
    this.url = options.url ?? 'in-process:devnet';
    this.latencyMs = options.latencyMs ?? 0;
    this.#clock = options.clock;
    this.#lazyEventHeaders = options.lazyEventHeaders ?? true;
    this.#view = new NodeView(options.chain, this.conditions, () => options.clock.now());
  }

  /** Calls of a method so far. */
  count(method: NodeMethod): number {
    return this.#counts.get(method) ?? 0;
  }

  /** Requests that have no answer yet; streams do not count. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Event streams that are open. */
  get streamCount(): number {
    return this.#streams.size;
  }

  /** The next calls of a method fail. */
  fail(method: NodeMethod, times = Infinity, failure: Failure = 500): void {
    this.#addFault(method, { kind: 'fail', failure, left: times });
  }

  /** The next calls of a method get no answer before their time budget is over. */
  hang(method: NodeMethod, times = Infinity): void {
    this.#addFault(method, { kind: 'hang', left: times });
  }

  /** The answers to the next calls of a method are ready at once and arrive `ms` later. */
  delay(method: NodeMethod, ms: number, times = Infinity): void {
    this.#addFault(method, { kind: 'delay', ms, left: times });
  }

  /** Ends the faults of a method, or all. */
  heal(method?: NodeMethod): void {
    if (method === undefined) this.#faults.clear();
    else this.#faults.delete(method);
  }

  /** Breaks every open event stream. */
  dropStreams(): void {
    const error = new BeaconNodeError('unreachable', `${this.url}: the event stream ended`);
    for (const stream of [...this.#streams]) stream.end(error);
  }

  /** The streams open now stay open and say nothing any more. */
  silenceStreams(): void {
    for (const stream of this.#streams) stream.silent = true;
  }

  getChainSpec(signal: AbortSignal): Promise<ChainSpec | undefined> {
    return this.#answer('getChainSpec', signal, () =>
      this.conditions.genesisKnown ? chainSpecOf(this.#view.chain.parameters) : undefined,
    );
  }

  getSyncStatus(signal: AbortSignal): Promise<SyncStatus> {
    return this.#answer('getSyncStatus', signal, () => this.#view.syncStatus());
  }

  getValidators(ids: readonly ValidatorId[], signal: AbortSignal): Promise<ValidatorRecord[]> {
    return this.#answer('getValidators', signal, () => {
      if (ids.length === 0) return [];
      return this.#view.validators(ids).map(({ validator, status }) => {
        const { index, pubkey, activationEpoch, exitEpoch } = validator;
        return { index, pubkey, status, activationEpoch, exitEpoch };
      });
    });
  }

  getAttesterDuties(epoch: Epoch, indices: Uint32Array, signal: AbortSignal): Promise<DutyAnswer> {
    return this.#answer('getAttesterDuties', signal, () => {
      const { committees, dependentRoot } = this.#view.attesterDuties(epoch, indices);
      return { dependentRoot, endpointVersion: 1, columns: attesterColumns(committees, indices) };
    });
  }

  getProposerDuties(epoch: Epoch, version: 1 | 2, signal: AbortSignal): Promise<DutyAnswer> {
    return this.#answer('getProposerDuties', signal, () => {
      const { proposers, dependentRoot } = this.#view.proposerDuties(epoch, version);
      const firstSlot = startSlotOf(this.#view.chain.parameters, epoch);
      return { dependentRoot, endpointVersion: version, columns: proposerColumns(proposers, firstSlot) };
    });
  }

  getSyncCommitteeDuties(epoch: Epoch, indices: Uint32Array, signal: AbortSignal): Promise<DutyAnswer> {
    return this.#answer('getSyncCommitteeDuties', signal, () => {
      const columns = syncColumns(this.#view.syncDuties(epoch, indices));
      return { dependentRoot: null, endpointVersion: 1, columns };
    });
  }

  getAttestationData(slot: Slot, committeeIndex: number | undefined, signal: AbortSignal): Promise<AttestationData> {
    return this.#answer('getAttestationData', signal, () => this.#view.attestationData(slot, committeeIndex ?? 0));
  }

  getHeadRoot(signal: AbortSignal): Promise<HeadRoot> {
    return this.#answer('getHeadRoot', signal, () => this.#view.headRoot());
  }

  subscribeBeaconCommittees(entries: readonly BeaconCommitteeSubscription[], signal: AbortSignal): Promise<void> {
    return this.#answer('subscribeBeaconCommittees', signal, () => {
      this.beaconCommitteeSubscriptions.push(...entries);
    });
  }

  subscribeSyncCommittees(entries: readonly SyncCommitteeSubscription[], signal: AbortSignal): Promise<void> {
    return this.#answer('subscribeSyncCommittees', signal, () => {
      this.syncCommitteeSubscriptions.push(...entries);
    });
  }

  openHeadStream(listener: HeadStreamListener, signal: AbortSignal): void {
    this.#countCall('openHeadStream');
    if (signal.aborted) return;
    const fault = this.#takeFault('openHeadStream');
    const timers = new Set<unknown>();
    let opened = false;

    const later = (ms: number, action: () => void): void => {
      const timer = this.#clock.setTimeout(() => {
        timers.delete(timer);
        action();
      }, ms);
      timers.add(timer);
    };
    const open = (): void => {
      if (opened) return;
      opened = true;
      listener.opened();
      listener.alive();
    };
    let stopListening = (): void => undefined;
    const release = (): void => {
      stopListening();
      for (const timer of timers) this.#clock.clearTimeout(timer);
      timers.clear();
      signal.removeEventListener('abort', release);
      this.#streams.delete(stream);
    };
    const stream: Stream = {
      silent: false,
      end: (error) => {
        release();
        listener.closed(error);
      },
    };
    signal.addEventListener('abort', release);
    this.#streams.add(stream);

    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'fail') {
      later(this.latencyMs, () => stream.end(this.#errorOf('openHeadStream', fault.failure)));
      return;
    }
    if (!this.#lazyEventHeaders) later(this.latencyMs, open);
    const extraMs = fault?.kind === 'delay' ? fault.ms : 0;
    stopListening = this.#view.chain.on('head', (head) => {
      if (stream.silent) return;
      const deliver = (): void => {
        open();
        listener.alive();
        listener.head({
          slot: head.slot,
          block: head.block,
          previousDutyDependentRoot: head.previousDutyDependentRoot,
          currentDutyDependentRoot: head.currentDutyDependentRoot,
          epochTransition: head.epochTransition,
          executionOptimistic: this.#view.isOptimistic(),
        });
      };
      const ms = this.latencyMs / 2 + extraMs;
      if (ms === 0) deliver();
      else later(ms, deliver);
    });
  }

  #addFault(method: NodeMethod, fault: Fault): void {
    this.#faults.set(method, [...(this.#faults.get(method) ?? []), fault]);
  }

  #takeFault(method: NodeMethod): Fault | undefined {
    const fault = this.#faults.get(method)?.find(({ left }) => left > 0);
    if (fault !== undefined) fault.left -= 1;
    return fault;
  }

  #countCall(method: NodeMethod): void {
    this.#counts.set(method, this.count(method) + 1);
  }

  #errorOf(method: NodeMethod, failure: Failure): BeaconNodeError {
    if (typeof failure !== 'number') return failure;
    return new BeaconNodeError('http', `${method}: HTTP ${failure}`, failure);
  }

  #budgetOf(method: NodeMethod): number {
    const budgets = timeBudgets(this.#view.chain.parameters.slotDurationMs, false);
    switch (method) {
      case 'getAttestationData':
      case 'getHeadRoot':
        return budgets.data;
      case 'getAttesterDuties':
      case 'getProposerDuties':
      case 'getSyncCommitteeDuties':
        return budgets.duties;
      case 'subscribeBeaconCommittees':
      case 'subscribeSyncCommittees':
        return budgets.subscriptions;
      case 'getSyncStatus':
        return budgets.syncStatus;
      default:
        return budgets.other;
    }
  }

  /** One request: out, a look at the chain, and back, within the method's time budget and until the signal fires. */
  async #answer<T>(method: NodeMethod, signal: AbortSignal, look: () => T): Promise<T> {
    this.#countCall(method);
    if (signal.aborted) throw abortedError(method);
    const fault = this.#takeFault(method);
    this.#underWay += 1;
    const deadline = this.#clock.now() + this.#budgetOf(method);
    try {
      await this.#wait(method, fault?.kind === 'hang' ? Infinity : this.latencyMs / 2, deadline, signal);
      if (fault?.kind === 'fail') throw this.#errorOf(method, fault.failure);
      const answer = look();
      await this.#wait(method, this.latencyMs / 2 + (fault?.kind === 'delay' ? fault.ms : 0), deadline, signal);
      return answer;
    } catch (error) {
      if (!(error instanceof RefusedRequest)) throw error;
      throw new BeaconNodeError('http', `${method}: HTTP ${error.status}: ${error.message}`, error.status);
    } finally {
      this.#underWay -= 1;
    }
  }

  #wait(method: NodeMethod, ms: number, deadline: number, signal: AbortSignal): Promise<void> {
    if (ms === 0) return signal.aborted ? Promise.reject(abortedError(method)) : Promise.resolve();
    const now = this.#clock.now();
    const inTime = now + ms <= deadline;
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#clock.clearTimeout(timer);
        reject(abortedError(method));
      };
      const timer = this.#clock.setTimeout(
        () => {
          signal.removeEventListener('abort', abort);
          if (inTime) resolve();
          else reject(timeoutError(method, this.#budgetOf(method)));
        },
        inTime ? ms : deadline - now,
      );
      signal.addEventListener('abort', abort, { once: true });
    });
  }
}
