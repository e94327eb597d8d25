import type { InspectionEvent, Observer } from 'xstate';
import { ROLE_DEFINITIONS } from '../machines/roles/index.js';
import type { BeaconNode, Clock, Executors, Random, ValidatorSource } from '../machines/ports.js';
import { ClaimLedger } from '../machines/rules/at-most-once.js';
import { slotAt, type ChainSpec, type Slot } from '../machines/rules/chain-time.js';
import { dutyOf } from '../machines/rules/due-duties.js';
import { ROLES, type Duty, type DutyKind, type Role, type ValidatorIndex } from '../machines/rules/duties.js';
import type { Diagnostic, EventLine } from '../machines/rules/event-log.js';
import { defaultPolicy, type SchedulingPolicy } from '../machines/rules/policy.js';
import type { ValidatorSourceEvent } from '../machines/rules/validator-changes.js';
import { CommitteeBatches, type CommitteeExecutor } from '../services/committee-batches.js';
import type { KnownNode } from '../machines/scheduler/scheduler-context.js';
import { schedulerLogic, startActor, type SchedulerActor } from '../services/actors/scheduler-logic.js';
import { createHttpBeaconNode, type HttpBeaconNodeOptions } from '../services/beacon-node/http-beacon-node.js';
import type { NodeExchange } from '../services/beacon-node/http-client.js';
import { ConfigurationError } from '../services/chain-loader.js';
import { RealClock } from '../services/clock/real-clock.js';
import type { Beginning } from '../services/entrance/input.js';
import { LiveEntrance } from '../services/entrance/live-entrance.js';
import { EventLog } from '../services/event-log.js';
import { openDataDirectory, type DataDirectory, type Recording } from '../services/data-directory/data-directory.js';
import { InputWriter } from '../services/recording/input-lines.js';
import { machineStateLine } from '../services/recording/machine-state.js';
import { meetNodes } from '../services/meet-nodes.js';
import { needsPreparation, type PreparedValidatorSource, type SourceHealth } from '../services/prepared-source.js';
import { explainFromJournal } from '../services/explain/explain-journal.js';
import type { Explanation } from '../services/explain/explanation.js';
import { staticValidators } from '../services/static-validators.js';
import { roleStates, snapshotOf, type RoleState, type SchedulerSnapshot } from './scheduler-snapshot.js';
import { parseValidatorId } from './validator-ids.js';
import { messageOf } from '../machines/rules/message-of.js';

/** What {@link createDutyScheduler} is given. */
export interface DutySchedulerOptions extends Partial<SchedulingPolicy> {
  /** Address of a beacon node, or a `BeaconNode` of your own; several in order of preference. */
  readonly beaconNode: string | BeaconNode | readonly (string | BeaconNode)[];
  /** A fixed list (indices as numbers or decimal strings, 0x pubkeys), or a source that tells changes. */
  readonly validators: readonly (string | number)[] | ValidatorSource;
  /** One async function per duty kind; a kind without one is not handed over. */
  readonly executors: Executors & {
    /** For `groupBy: 'committee'`, in place of `attester` and `sync-committee`. */
    readonly committee?: CommitteeExecutor;
  };
  /**
   * `committee`: attester and sync committee duties come as one batch per committee and slot, to the executor
   * `committee`, since the operators of a committee agree on both at once. Default: a batch per kind and slot.
   */
  readonly groupBy?: 'kind' | 'committee';
  /** Default: all. */
  readonly roles?: readonly Role[];
  /** Fetch what duties sign over before the hand-over; default true. */
  readonly dataFetch?: boolean;
  /** Folder of the journal, or a `DataDirectory` of your own; without it nothing outlives the process. */
  readonly dataDir?: string | DataDirectory;
  /** Epochs of the journal that are kept at least; default, and minimum, 2. */
  readonly journalEpochs?: number;
  readonly clock?: Clock;
  /** For jitter; default `Math.random`. */
  readonly random?: Random;
  /** Sees every actor, event and transition: an XState inspection observer. */
  readonly inspect?: Observer<InspectionEvent> | ((event: InspectionEvent) => void);
}

/** A request to a beacon node that is over, or an event stream of it that has opened or ended. */
export interface NodeRequestSeen extends NodeExchange {
  /** Address of the node without credentials. */
  readonly url: string;
}

/** What an event of the validator source may be, sent by the embedder. */
export type DutySchedulerEvent = Exclude<ValidatorSourceEvent, { type: 'VALIDATORS_KNOWN' }>;

type Listener<T> = (value: T) => void;

/** A running scheduler, as the embedder holds it. */
export interface DutyScheduler {
  /**
   * Waits for the beacon node, then starts. Rejects with a `ConfigurationError` where waiting will not help.
   * Starting twice is an error.
   */
  start(): Promise<void>;
  /**
   * Ends every request, timer and execution; no duty is handed over after it. With `graceMs`, executions under way may
   * finish first, and are reported, for so many ms at most; their signals fire (`stopped`) when it is over. A second stop
   * without a grace ends that of the first. Rejects with a `RangeError` for a grace that is no time from 0 to 2³¹ − 1 ms.
   */
  stop(reason?: string, options?: { readonly graceMs?: number }): Promise<void>;
  /** Listens to a type of event-log lines, to all of them (`*`), or to diagnostics; returns how to stop listening. */
  on<T extends EventLine['type']>(type: T, listener: Listener<Extract<EventLine, { type: T }>>): () => void;
  on(type: '*', listener: Listener<EventLine>): () => void;
  on(type: 'diagnostic', listener: Listener<Diagnostic>): () => void;
  /** Listens to requests to the beacon node as they end; nothing comes of a `BeaconNode` of your own. */
  on(type: 'node-request', listener: Listener<NodeRequestSeen>): () => void;
  /** Tells of validators that come and go; before `start` has finished, it is kept until then. */
  send(event: DutySchedulerEvent): void;
  /** Duties known for a slot, by kind; for proposers, our own only. */
  duties(slot: Slot): Partial<Record<DutyKind, readonly Duty[]>>;
  /**
   * Why a duty was, or was not, executed: its life line from the journal. Rejects with a `ConfigurationError` where there
   * is none: before the start, and without `dataDir`.
   */
  explain(duty: { readonly slot: Slot; readonly validator: ValidatorIndex }): Promise<Explanation>;
  /** A summary of the state, as plain data; undefined before the start. */
  snapshot(): SchedulerSnapshot | undefined;
  /** Whether what is claimed reaches the disk; undefined without a data directory, and before it is open. */
  readonly journalWritable: boolean | undefined;
  /** Whether changes of validators are heard of; undefined for a source that does not say. */
  readonly sourceHealth: SourceHealth | undefined;
  /** The root actor; undefined before the start. */
  readonly actor: SchedulerActor | undefined;
}

/** Creates a scheduler; nothing happens before `start`. Throws a `ConfigurationError` for options that cannot be. */
export function createDutyScheduler(options: DutySchedulerOptions): DutyScheduler {
  return new Scheduler(options);
}

class Scheduler implements DutyScheduler {
  readonly #options: DutySchedulerOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #entrance: LiveEntrance;
  readonly #life = new AbortController();
  readonly #eventLog: EventLog;
  readonly #validators: ValidatorSource;
  readonly #nodes: readonly BeaconNode[];
  /** Nodes that were made here, and must be closed here. */
  readonly #ownNodes: readonly { close(): Promise<void> }[];
  readonly #executors: Executors;
  readonly #committees: CommitteeBatches | undefined;
  readonly #early: DutySchedulerEvent[] = [];
  readonly #requestListeners = new Set<Listener<NodeRequestSeen>>();
  #chain: ChainSpec | undefined;
  #actor: SchedulerActor | undefined;
  #data: DataDirectory | undefined;
  #started = false;
  /** Ends the grace of a stop under way. */
  readonly #haste = new AbortController();
  #stopping: Promise<void> | undefined;
  /** Of the last who asked. */
  #stopReason = '';

  constructor(options: DutySchedulerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? new RealClock();
    this.#random = options.random ?? Math.random;
    this.#entrance = new LiveEntrance(this.#clock, this.#random);
    this.#eventLog = new EventLog(this.#entrance.clock, () => this.#chain);
    this.#committees = this.#committeeBatches();
    this.#executors = executorsOf(options, this.#committees);
    this.#validators = isSource(options.validators)
      ? options.validators
      : staticValidators(options.validators.map((id) => parseValidatorId(String(id))));
    const given = [options.beaconNode].flat() as readonly (string | BeaconNode)[];
    if (given.length === 0) throw new ConfigurationError('beaconNode: at least one is needed');
    const own: { close(): Promise<void> }[] = [];
    this.#nodes = given.map((node) => {
      if (typeof node !== 'string') return node;
      const onExchange = (exchange: NodeExchange) => this.#tellExchange(made.url, exchange);
      const made = httpNode(node, { clock: this.#clock, onExchange, anotherNodeCanBeAsked: given.length > 1 });
      own.push(made);
      return made;
    });
    this.#ownNodes = own;
  }

  get actor(): SchedulerActor | undefined {
    return this.#actor;
  }

  async start(): Promise<void> {
    if (this.#started) throw new Error('the scheduler was started before');
    this.#started = true;
    const { dataDir, roles = ROLES, dataFetch = true } = this.#options;
    const { chain, members, refused } = await meetNodes(this.#nodes, {
      clock: this.#clock,
      random: this.#random,
      signal: this.#life.signal,
      diagnose: (diagnostic) => this.#eventLog.diagnose(diagnostic),
    });
    this.#chain = chain;
    if (dataDir !== undefined) {
      const onProblem = (problem: Diagnostic) => this.#eventLog.diagnose(problem);
      const { journalEpochs } = this.#options;
      const kept = journalEpochs === undefined ? {} : { journalEpochs };
      this.#data =
        typeof dataDir === 'string'
          ? await openDataDirectory({ path: dataDir, chain, clock: this.#clock, onProblem, ...kept })
          : dataDir;
      // Stopped while it was being opened: nobody else would close it.
      if (this.#life.signal.aborted) await this.#data.close();
      const { journal, findings } = this.#data;
      for (const finding of findings) this.#eventLog.diagnose(finding);
      this.#eventLog.onLine((line) => journal.report(line));
    }
    this.#life.signal.throwIfAborted();
    if (needsPreparation(this.#validators)) await this.#prepare(this.#validators, chain);
    const logic = schedulerLogic({
      roles: roles.map((role) => ROLE_DEFINITIONS[role]),
      beaconNodes: this.#nodes,
      chain,
      clock: this.#clock,
      validators: this.#validators,
      executors: this.#executors,
      eventLog: this.#eventLog,
      journal: this.#data?.journal,
      entrance: this.#entrance,
    });
    const beginning: Beginning = {
      chain,
      policy: policyOf(chain, this.#options),
      roles,
      kinds: Object.keys(this.#executors) as DutyKind[],
      nodes: this.#nodes.map(({ url }, node): KnownNode => {
        return { url, at: members.has(node) ? 'member' : refused.has(node) ? 'refused' : 'absent' };
      }),
      recordFromSlot: this.#data?.recordFromSlot ?? Math.max(0, slotAt(chain, this.#clock.now())),
      dataFetch,
    };
    const claims = this.#data?.claims ?? new ClaimLedger();
    const { inspect } = this.#options;
    if (this.#data?.recording !== undefined) this.#recordTo(this.#data.recording, beginning);
    this.#entrance.enter({ of: 'start', beginning }, () => {
      this.#actor = startActor(logic, { beginning, claims, entrance: this.#entrance, ...(inspect && { inspect }) });
    });
    for (const event of this.#early.splice(0)) this.send(event);
  }

  async #prepare(source: PreparedValidatorSource, chain: ChainSpec): Promise<void> {
    const surroundings = {
      chain,
      clock: this.#clock,
      random: this.#random,
      diagnose: (diagnostic: Diagnostic) => this.#eventLog.diagnose(diagnostic),
      storage: this.#data?.storage,
    };
    await source.prepare(surroundings, this.#life.signal);
    this.#life.signal.throwIfAborted();
  }

  async stop(reason = 'stopped', { graceMs = 0 }: { readonly graceMs?: number } = {}): Promise<void> {
    if (!(graceMs >= 0 && graceMs <= LONGEST_GRACE_MS)) {
      throw new RangeError(`graceMs: ${graceMs} is not a time from 0 to ${LONGEST_GRACE_MS} ms`);
    }
    if (graceMs === 0) this.#haste.abort();
    this.#stopReason = reason;
    this.#stopping ??= this.#end(graceMs);
    await this.#stopping;
  }

  async #end(graceMs: number): Promise<void> {
    this.#life.abort(new Error(this.#stopReason));
    const actor = this.#actor;
    if (actor !== undefined) {
      if (graceMs > 0) await this.#letExecutionsFinish(graceMs);
      // Asked for in the middle of a turn, it waits for its end.
      await new Promise<void>((resolve) => {
        const reason = this.#stopReason;
        this.#entrance.enter({ of: 'stop', reason }, () => {
          actor.stop();
          this.#committees?.stop();
          this.#eventLog.report({ type: 'scheduler-stopped', reason });
          resolve();
        });
      });
    }
    if (needsPreparation(this.#validators)) await this.#validators.close();
    await this.#data?.close();
    await Promise.all(this.#ownNodes.map((node) => node.close()));
  }

  /** Nothing new is triggered from here on. */
  async #letExecutionsFinish(graceMs: number): Promise<void> {
    const { signal } = this.#haste;
    let timer: unknown;
    await new Promise<void>((resolve) => {
      timer = this.#clock.setTimeout(resolve, graceMs);
      signal.addEventListener('abort', () => resolve(), { once: true });
      void this.#entrance.drain().then(resolve);
    });
    this.#clock.clearTimeout(timer);
  }

  /** From here on the journal holds what a replay needs. */
  #recordTo(recording: Recording, beginning: Beginning): void {
    const inputs = new InputWriter(beginning.chain, (line) => recording.record(line));
    recording.beginWith(() => {
      inputs.beginSegment();
      const actor = this.#actor;
      return (actor && machineStateLine(actor, this.#entrance, beginning)) ?? '';
    });
    this.#entrance.recordTo(inputs);
  }

  on(type: string, listener: Listener<never>): () => void {
    if (type === 'diagnostic') return this.#eventLog.onDiagnostic(listener as Listener<Diagnostic>);
    if (type === 'node-request') {
      this.#requestListeners.add(listener as Listener<NodeRequestSeen>);
      return () => void this.#requestListeners.delete(listener as Listener<NodeRequestSeen>);
    }
    return this.#eventLog.onLine((line) => {
      if (type === '*' || line.type === type) (listener as Listener<EventLine>)(line);
    });
  }

  send(event: DutySchedulerEvent): void {
    const actor = this.#actor;
    if (actor === undefined) this.#early.push(event);
    else this.#entrance.enter({ of: 'send', event }, () => actor.send(event));
  }

  duties(slot: Slot): Partial<Record<DutyKind, readonly Duty[]>> {
    const found: Partial<Record<DutyKind, readonly Duty[]>> = {};
    for (const { context } of this.#actor === undefined ? [] : roleStates(this.#actor)) {
      const { role, chain, plan, registry } = context;
      const table = plan.get(role.targetOf(chain, slot))?.table;
      if (table === undefined) continue;
      const { from, to } = table.rowsAt(slot);
      for (const { kind } of role.kinds) {
        const duties: Duty[] = [];
        for (let row = from; row < to; row++) {
          const index = table.validator[row]!;
          if (!registry.isActiveMember(index)) continue;
          duties.push(dutyOf(chain, table, row, kind, slot, registry.byIndex(index)));
        }
        found[kind] = duties;
      }
    }
    return found;
  }

  async explain(duty: { readonly slot: Slot; readonly validator: ValidatorIndex }): Promise<Explanation> {
    const path = this.#data?.storage?.path;
    if (path === undefined)
      throw new ConfigurationError('explain: there is no journal before the start, or without dataDir');
    return explainFromJournal(path, duty);
  }

  snapshot(): SchedulerSnapshot | undefined {
    return this.#actor && snapshotOf(this.#actor);
  }

  get journalWritable(): boolean | undefined {
    return this.#data?.writable;
  }

  get sourceHealth(): SourceHealth | undefined {
    return needsPreparation(this.#validators) ? this.#validators.health : undefined;
  }

  /** A listener that fails is told of, and disturbs no request. */
  #tellExchange(url: string, exchange: NodeExchange): void {
    for (const listener of this.#requestListeners) {
      try {
        listener({ url, ...exchange });
      } catch (error) {
        const message = `a listener of node requests failed: ${String(error)}`;
        this.#eventLog.diagnose({ level: 'error', message });
      }
    }
  }

  #committeeBatches(): CommitteeBatches | undefined {
    const execute = this.#options.executors.committee;
    if (this.#options.groupBy !== 'committee' || execute === undefined) return undefined;
    const committees = new CommitteeBatches({
      execute,
      clock: this.#clock,
      longestWaitMs: () => (this.#chain?.slotDurationMs ?? 0) / COMMITTEE_WAITS_PER_SLOT,
      isComing: (kind, slot) =>
        (this.#actor === undefined ? [] : roleStates(this.#actor)).some((role) => isAboutToHandOver(role, kind, slot)),
    });
    this.#eventLog.onLine((line) => committees.onLine(line));
    return committees;
  }
}

/** The longest time that a timer holds. */
const LONGEST_GRACE_MS = 2 ** 31 - 1;
/** Part of a slot for which attester and sync committee duties wait for each other, at most. */
const COMMITTEE_WAITS_PER_SLOT = 24;
/** States of a batch from which it is handed over without anything but its moment, or its data, to wait for. */
const ABOUT_TO_HAND_OVER: ReadonlySet<unknown> = new Set(['armed', 'grace', 'due', 'collecting', 'ready']);

function isAboutToHandOver({ context, children }: RoleState, kind: DutyKind, slot: Slot): boolean {
  return [...context.executions.values()].some((execution) => {
    if (execution.kind !== kind || execution.slot !== slot) return false;
    const batch = children[execution.id]?.getSnapshot() as { value?: unknown } | undefined;
    return ABOUT_TO_HAND_OVER.has(batch?.value);
  });
}

function executorsOf(
  { groupBy, executors }: DutySchedulerOptions,
  committees: CommitteeBatches | undefined,
): Executors {
  const { committee, ...byKind } = executors;
  if ((groupBy === 'committee') !== (committee !== undefined)) {
    throw new ConfigurationError("groupBy: 'committee' and the executor `committee` go together");
  }
  if (committees === undefined) return byKind;
  const both = (['attester', 'sync-committee'] as const).find((kind) => byKind[kind] !== undefined);
  if (both !== undefined) {
    throw new ConfigurationError(
      `executors: with groupBy 'committee', ${both} duties go to the executor \`committee\``,
    );
  }
  return { ...byKind, ...committees.executors };
}

function isSource(validators: DutySchedulerOptions['validators']): validators is ValidatorSource {
  return 'run' in validators;
}

function httpNode(url: string, options: Omit<HttpBeaconNodeOptions, 'url'>) {
  try {
    return createHttpBeaconNode({ url, ...options });
  } catch (error) {
    throw new ConfigurationError(`beaconNode: ${messageOf(error)}`);
  }
}

function policyOf(chain: ChainSpec, options: DutySchedulerOptions): SchedulingPolicy {
  const defaults = defaultPolicy(chain);
  return {
    headGraceMs: options.headGraceMs ?? defaults.headGraceMs,
    maximumDelay: options.maximumDelay ?? defaults.maximumDelay,
    late: options.late ?? defaults.late,
    lateAfterReactivation: options.lateAfterReactivation ?? defaults.lateAfterReactivation,
    participationDelayEpochs: options.participationDelayEpochs ?? defaults.participationDelayEpochs,
    syncCommitteePreparationEpochs: options.syncCommitteePreparationEpochs ?? defaults.syncCommitteePreparationEpochs,
  };
}
