import {
  BeaconNodeError,
  type AttestationData,
  type BeaconCommitteeSubscription,
  type BeaconNode,
  type Clock,
  type HeadEvent,
  type HeadRoot,
  type HeadStreamListener,
  type SyncCommitteeSubscription,
  type SyncStatus,
} from '../../machines/ports.js';
import {
  epochOf,
  periodOf,
  slotAt,
  type ChainSpec,
  type Epoch,
  type Root,
  type Slot,
} from '../../machines/rules/chain-time.js';
import type { DutyAnswer, DutyColumns, ValidatorIndex } from '../../machines/rules/duties.js';
import type { ValidatorId, ValidatorRecord } from '../../machines/rules/validators.js';

/** A root that can be told from others at a glance: `root(7)` is 0x0700…. */
export function root(n: number): Root {
  return `0x${n.toString(16).padStart(2, '0')}${'0'.repeat(62)}`;
}

/** [slot, validator, committee index (default 0)] */
export type ScriptedDuty = readonly [Slot, ValidatorIndex, number?];

export interface ScriptedTable {
  readonly root: Root;
  readonly duties: readonly ScriptedDuty[];
}

type Method = 'attester' | 'proposer' | 'sync';

/** A request that the test lets go when it likes. */
export interface HeldRequest {
  readonly method: Method;
  readonly target: number;
  readonly indices: readonly ValidatorIndex[];
  readonly aborted: () => boolean;
  /** Answers with what the script says now. */
  answer(): void;
  /** Answers with what the script said when the request came. */
  answerAsOfThen(): void;
  fail(error?: BeaconNodeError): void;
}

/**
 * A beacon node that says what the test wrote down: tables by epoch, heads when told. Requests are logged; with `hold`
 * set, duty requests wait for the test.
 */
export class ScriptedNode implements BeaconNode {
  readonly attester = new Map<Epoch, ScriptedTable>();
  readonly proposer = new Map<Epoch, ScriptedTable>();
  /** Members of a period's committee. */
  readonly sync = new Map<number, readonly ValidatorIndex[]>();
  readonly records = new Map<ValidatorIndex, ValidatorRecord>();
  readonly requests: {
    method: Method;
    target: number;
    indices: readonly ValidatorIndex[];
    at: number;
    version?: 1 | 2;
  }[] = [];
  readonly beaconSubscriptions: BeaconCommitteeSubscription[][] = [];
  readonly syncSubscriptions: SyncCommitteeSubscription[][] = [];
  readonly held: HeldRequest[] = [];
  hold: ((method: Method, target: number) => boolean) | undefined;
  failing: ((method: Method, target: number) => BeaconNodeError | undefined) | undefined;
  /** Slots for which attestation data was asked. */
  readonly dataAskedFor: Slot[] = [];
  /** Why it cannot be reached, for every request and the stream; `never` answers nothing at all. */
  away: BeaconNodeError | 'never' | undefined;
  status: SyncStatus = { headSlot: 0, syncDistance: 0, isSyncing: false, isOptimistic: false, elOffline: false };
  servesProposer: (version: 1 | 2) => boolean = () => true;
  /** Head that attestation data and the head root vote for. */
  headBlock: Root = root(0xbb);
  readonly #streams = new Set<HeadStreamListener>();

  constructor(
    private readonly chain: ChainSpec,
    private readonly clock: Clock,
    validators: readonly ValidatorIndex[],
    readonly url = 'scripted:node',
  ) {
    for (const index of validators) this.addRecord(index);
  }

  addRecord(index: ValidatorIndex, record: Partial<ValidatorRecord> = {}): void {
    const pubkey = `0x${index.toString(16).padStart(96, '0')}`;
    this.records.set(index, {
      index,
      pubkey,
      status: 'active_ongoing',
      activationEpoch: 0,
      exitEpoch: Infinity,
      ...record,
    });
  }

  /** Requests for a table, probes (one validator, both epochs) aside. */
  requestsFor(method: Method, target: number): number {
    return this.requests.filter(
      (request) => request.method === method && request.target === target && request.indices.length !== 1,
    ).length;
  }

  /** Emits a head event on every open stream; roots not named are those of the scripted attester tables. */
  head(slot: Slot, head: Partial<HeadEvent> = {}): void {
    const epoch = epochOf(this.chain, slot);
    const block = head.block ?? root(0x80 + (slot % 0x40));
    this.headBlock = block;
    const event: HeadEvent = {
      slot,
      block,
      previousDutyDependentRoot: this.attester.get(epoch)?.root ?? root(0),
      currentDutyDependentRoot: this.attester.get(epoch + 1)?.root ?? root(0),
      epochTransition: false,
      executionOptimistic: false,
      ...head,
    };
    for (const stream of this.#streams) {
      stream.alive();
      stream.head(event);
    }
  }

  dropStreams(): void {
    for (const stream of [...this.#streams]) {
      this.#streams.delete(stream);
      stream.closed(new BeaconNodeError('unreachable', 'the stream ended'));
    }
  }

  getChainSpec = (signal: AbortSignal): Promise<ChainSpec> => this.#unlessAway(() => this.chain, signal);

  getSyncStatus = (signal: AbortSignal): Promise<SyncStatus> => this.#unlessAway(() => this.status, signal);

  getValidators = (ids: readonly ValidatorId[]): Promise<ValidatorRecord[]> =>
    Promise.resolve(
      [...this.records.values()].filter(({ index, pubkey }) => ids.includes(String(index)) || ids.includes(pubkey)),
    );

  getAttesterDuties(epoch: Epoch, indices: Uint32Array, signal: AbortSignal): Promise<DutyAnswer> {
    // A probe asks for one validator: it is never held and never fails.
    return this.#duties('attester', epoch, [...indices], signal, () => {
      const table = this.attester.get(epoch);
      if (table === undefined) throw new BeaconNodeError('http', `attester ${epoch}: not yet`, 400);
      return answerOf(table, indices, true);
    });
  }

  getProposerDuties(epoch: Epoch, version: 1 | 2, signal: AbortSignal): Promise<DutyAnswer> {
    return this.#duties(
      'proposer',
      epoch,
      [],
      signal,
      () => {
        if (!this.servesProposer(version)) throw new BeaconNodeError('http', 'not found', 404);
        const table = this.proposer.get(epoch);
        if (table === undefined) throw new BeaconNodeError('http', `proposer ${epoch}: not yet`, 400);
        return { ...answerOf(table, undefined, false), endpointVersion: version };
      },
      version,
    );
  }

  getSyncCommitteeDuties(epoch: Epoch, indices: Uint32Array, signal: AbortSignal): Promise<DutyAnswer> {
    const period = periodOf(this.chain, epoch);
    return this.#duties('sync', period, [...indices], signal, () => {
      const members = (this.sync.get(period) ?? []).filter((index) => indices.includes(index));
      const columns: DutyColumns = {
        validator: Uint32Array.from(members),
        fields: {},
        positions: {
          offsets: Uint32Array.from([...members.keys(), members.length]),
          values: Uint16Array.from(members),
        },
      };
      return { dependentRoot: null, endpointVersion: 1, columns };
    });
  }

  getAttestationData = (slot: Slot, index: number | undefined, signal: AbortSignal): Promise<AttestationData> => {
    this.dataAskedFor.push(slot);
    const epoch = epochOf(this.chain, slot);
    const checkpoint = { epoch, root: root(1) };
    const data = () => ({
      slot,
      index: index ?? 0,
      beaconBlockRoot: this.headBlock,
      source: checkpoint,
      target: checkpoint,
    });
    return this.#unlessAway(data, signal);
  };

  getHeadRoot = (): Promise<HeadRoot> => Promise.resolve({ root: this.headBlock, executionOptimistic: false });

  subscribeBeaconCommittees = (entries: readonly BeaconCommitteeSubscription[]): Promise<void> => {
    this.beaconSubscriptions.push([...entries]);
    return Promise.resolve();
  };

  subscribeSyncCommittees = (entries: readonly SyncCommitteeSubscription[]): Promise<void> => {
    this.syncSubscriptions.push([...entries]);
    return Promise.resolve();
  };

  openHeadStream(listener: HeadStreamListener, signal: AbortSignal): void {
    this.#streams.add(listener);
    listener.opened();
    signal.addEventListener('abort', () => this.#streams.delete(listener), { once: true });
  }

  /** A node that never answers ends its requests by its own time budget, as every node does: half a slot here. */
  #unlessAway<T>(answer: () => T, signal: AbortSignal): Promise<T> {
    const { away } = this;
    if (away === undefined) return Promise.resolve(answer());
    if (away !== 'never') return Promise.reject(away);
    return new Promise((_, reject) => {
      const budget = this.clock.setTimeout(
        () => reject(new BeaconNodeError('timeout', 'no answer')),
        this.chain.slotDurationMs / 2,
      );
      const giveUp = () => {
        this.clock.clearTimeout(budget);
        reject(new BeaconNodeError('aborted', 'given up'));
      };
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  #duties(
    method: Method,
    target: number,
    indices: readonly ValidatorIndex[],
    signal: AbortSignal,
    look: () => DutyAnswer,
    version?: 1 | 2,
  ): Promise<DutyAnswer> {
    this.requests.push({
      method,
      target,
      indices,
      at: slotAt(this.chain, this.clock.now()),
      ...(version && { version }),
    });
    if (this.away !== undefined) return this.#unlessAway(look, signal);
    const failure = this.failing?.(method, target);
    if (failure !== undefined) return Promise.reject(failure);
    const isProbe = method === 'attester' && indices.length === 1;
    if (isProbe || this.hold?.(method, target) !== true) return attempt(look);
    let then: { answer: DutyAnswer } | { error: unknown };
    try {
      then = { answer: look() };
    } catch (error) {
      then = { error };
    }
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new BeaconNodeError('aborted', 'given up')), { once: true });
      this.held.push({
        method,
        target,
        indices,
        aborted: () => signal.aborted,
        answer: () => void attempt(look).then(resolve, reject),
        answerAsOfThen: () => ('answer' in then ? resolve(then.answer) : reject(then.error)),
        fail: (error = new BeaconNodeError('http', 'HTTP 500', 500)) => reject(error),
      });
    });
  }
}

/** A refusal of the script becomes a rejection, as over a wire. */
async function attempt(look: () => DutyAnswer): Promise<DutyAnswer> {
  await Promise.resolve();
  return look();
}

function answerOf({ root, duties }: ScriptedTable, indices: Uint32Array | undefined, isAttester: boolean): DutyAnswer {
  const rows = duties.filter(([, validator]) => indices === undefined || indices.includes(validator));
  const column = (value: (duty: ScriptedDuty) => number) => Uint16Array.from(rows.map(value));
  const columns: DutyColumns = {
    validator: Uint32Array.from(rows.map(([, validator]) => validator)),
    slot: Uint32Array.from(rows.map(([slot]) => slot)),
    fields: isAttester
      ? {
          committeeIndex: column(([, , committee]) => committee ?? 0),
          committeeLength: column(() => 4),
          committeesAtSlot: column(() => 2),
          validatorCommitteeIndex: column(() => 0),
        }
      : {},
  };
  return { dependentRoot: root, endpointVersion: 1, columns };
}
