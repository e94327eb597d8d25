import type { Clock, DutyBatch, DutyVerdict, DutyWithSignal, ExecutionReport, Executor } from '../machines/ports.js';
import type { Epoch, Slot } from '../machines/rules/chain-time.js';
import type { ValidatorIndex } from '../machines/rules/duties.js';
import type { EventLine } from '../machines/rules/event-log.js';
import { messageOf } from '../machines/rules/message-of.js';

/** Kinds on which the operators of a committee agree together, once per slot. */
export type CommitteeKind = 'attester' | 'sync-committee';

/** What one committee has to do in a slot. At least one of the two batches is there. */
export interface CommitteeBatch {
  /** Operator ids, ascending; undefined for validators that no contract names. */
  readonly committee: readonly number[] | undefined;
  readonly slot: Slot;
  readonly epoch: Epoch;
  readonly attester: DutyBatch<'attester'> | undefined;
  readonly syncCommittee: DutyBatch<'sync-committee'> | undefined;
}

/** What a committee executor may say per duty; a duty not named was executed. */
export interface CommitteeReport {
  readonly attester?: ExecutionReport;
  readonly syncCommittee?: ExecutionReport;
}

/** Carries out what a committee has to do in a slot. A rejection counts as failed for every duty of the batch. */
export type CommitteeExecutor = (batch: CommitteeBatch) => Promise<CommitteeReport | void>;

export interface CommitteeBatchesOptions {
  readonly execute: CommitteeExecutor;
  readonly clock: Clock;
  /** Longest time in ms for which duties wait for those of the other kind. */
  readonly longestWaitMs: () => number;
  /** Whether duties of a kind and slot are about to be handed over, as far as is known now. */
  readonly isComing: (kind: CommitteeKind, slot: Slot) => boolean;
}

/** Duties of one kind and slot that wait for those of the other kind. */
interface Waiting {
  readonly part: Part;
  readonly timer: unknown;
}

/** A batch of one kind on its way to its committees. */
interface Part {
  readonly batch: DutyBatch<CommitteeKind>;
  readonly settle: (report: ExecutionReport) => void;
}

const OTHER: Readonly<Record<CommitteeKind, CommitteeKind>> = {
  attester: 'sync-committee',
  'sync-committee': 'attester',
};
const NOT_HANDED_OVER: DutyVerdict = {
  outcome: 'failed',
  error: 'called off before it was handed over',
  nothingSigned: true,
};

/**
 * Joins the attester and sync committee duties of a slot into one batch per committee. Whichever kind is ready first
 * waits for the other one while that is about to come, and never long: late data of one kind must not delay the other.
 */
export class CommitteeBatches {
  readonly #options: CommitteeBatchesOptions;
  readonly #waiting = new Map<Slot, Waiting>();

  constructor(options: CommitteeBatchesOptions) {
    this.#options = options;
  }

  /** In place of the executors of the two kinds. */
  get executors(): { readonly [K in CommitteeKind]: Executor<K> } {
    return { attester: (batch) => this.#take(batch), 'sync-committee': (batch) => this.#take(batch) };
  }

  /** What is said of the other kind may mean that it does not come any more. */
  onLine(line: EventLine): void {
    const waiting = this.#waiting.get(line.slot);
    if (waiting === undefined || !('role' in line) || line.role !== OTHER[waiting.part.batch.kind]) return;
    if (line.type !== 'duty-due' && line.type.startsWith('duty-')) this.#release(line.slot);
  }

  /** Nothing is handed over any more. */
  stop(): void {
    for (const { timer } of this.#waiting.values()) this.#options.clock.clearTimeout(timer);
    this.#waiting.clear();
  }

  #take(batch: DutyBatch<CommitteeKind>): Promise<ExecutionReport> {
    return new Promise((settle) => {
      const part = { batch, settle };
      const { slot, kind } = batch;
      const waiting = this.#waiting.get(slot);
      if (waiting !== undefined) {
        this.#forget(slot, waiting);
        if (waiting.part.batch.kind === OTHER[kind]) return this.#handOver(slot, [waiting.part, part]);
        this.#handOver(slot, [waiting.part]);
      }
      if (!this.#options.isComing(OTHER[kind], slot)) return this.#handOver(slot, [part]);
      const timer = this.#options.clock.setTimeout(() => this.#release(slot), this.#options.longestWaitMs());
      this.#waiting.set(slot, { part, timer });
    });
  }

  #release(slot: Slot): void {
    const waiting = this.#waiting.get(slot);
    if (waiting === undefined) return;
    this.#forget(slot, waiting);
    this.#handOver(slot, [waiting.part]);
  }

  #forget(slot: Slot, { timer }: Waiting): void {
    this.#options.clock.clearTimeout(timer);
    this.#waiting.delete(slot);
  }

  #handOver(slot: Slot, parts: readonly Part[]): void {
    const reports = new Map(parts.map((part) => [part, new Map<ValidatorIndex, DutyVerdict>()]));
    const committees = new Map<string, { committee: readonly number[] | undefined; parts: Map<Part, Duties> }>();
    for (const part of parts) {
      for (const duty of part.batch.duties) {
        if (duty.signal.aborted) {
          reports.get(part)!.set(duty.validatorIndex, NOT_HANDED_OVER);
          continue;
        }
        const key = duty.committee?.join() ?? '';
        const group = committees.get(key) ?? { committee: duty.committee, parts: new Map<Part, Duties>() };
        committees.set(key, group);
        const duties = group.parts.get(part);
        if (duties === undefined) group.parts.set(part, [duty]);
        else duties.push(duty);
      }
    }
    const calls = [...committees.values()].map(async ({ committee, parts: ofCommittee }) => {
      const verdicts = await this.#call(slot, committee, ofCommittee);
      for (const [part, duties] of ofCommittee) {
        for (const { validatorIndex } of duties) {
          const verdict = verdicts(part.batch.kind, validatorIndex);
          if (verdict !== undefined) reports.get(part)!.set(validatorIndex, verdict);
        }
      }
    });
    void Promise.all(calls).then(() => {
      for (const [part, report] of reports) part.settle(report);
    });
  }

  async #call(
    slot: Slot,
    committee: readonly number[] | undefined,
    parts: ReadonlyMap<Part, Duties>,
  ): Promise<(kind: CommitteeKind, validator: ValidatorIndex) => DutyVerdict | undefined> {
    const batchOf = (kind: CommitteeKind) => {
      for (const [{ batch }, duties] of parts) if (batch.kind === kind) return { ...batch, duties };
      return undefined;
    };
    // The batch of a kind has that kind's duties and data; the type system cannot follow it through the map.
    const attester = batchOf('attester') as DutyBatch<'attester'> | undefined;
    const syncCommittee = batchOf('sync-committee') as DutyBatch<'sync-committee'> | undefined;
    const { epoch } = (attester ?? syncCommittee)!;
    try {
      const report = await this.#options.execute({ committee, slot, epoch, attester, syncCommittee });
      return (kind, validator) => {
        const ofKind = kind === 'attester' ? report?.attester : report?.syncCommittee;
        return ofKind?.get(validator);
      };
    } catch (error) {
      const failed: DutyVerdict = { outcome: 'failed', error: messageOf(error) };
      return () => failed;
    }
  }
}

type Duties = DutyWithSignal<CommitteeKind>[];
