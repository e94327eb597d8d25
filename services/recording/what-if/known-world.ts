/** What a recording tells of the world after some turn: enough to answer what was never asked then. */
import type { AttestationData, HeadEvent, HeadRoot, SyncStatus } from '../../../machines/ports.js';
import type { Epoch, Slot } from '../../../machines/rules/chain-time.js';
import type { DutyAnswer, Role } from '../../../machines/rules/duties.js';
import type { ValidatorSourceEvent } from '../../../machines/rules/validator-changes.js';
import type { ValidatorRecord } from '../../../machines/rules/validators.js';
import type { RecordedTurn } from '../turns.js';

/** Something, and the unix ms from which it was known. */
export interface Dated<T> {
  readonly time: number;
  readonly value: T;
}

/** The last known at a time; before the first, the first: the node would have said so too. */
export function knownAt<T>(known: readonly Dated<T>[] | undefined, time: number): T | undefined {
  return (known?.findLast((entry) => entry.time <= time) ?? known?.[0])?.value;
}

export class KnownWorld {
  readonly heads: Dated<HeadEvent>[] = [];
  readonly changes: Dated<ValidatorSourceEvent>[] = [];
  readonly statuses: Dated<SyncStatus>[] = [];
  readonly #duties = new Map<string, Dated<DutyAnswer>[]>();
  readonly #records = new Map<number, ValidatorRecord>();
  readonly #data = new Map<Slot, AttestationData>();
  readonly #headRoots = new Map<Slot, HeadRoot>();

  constructor(turns: readonly RecordedTurn[]) {
    for (const turn of turns) this.#learn(turn);
  }

  duties(role: Role, epoch: Epoch, time: number): DutyAnswer | undefined {
    return knownAt(this.#duties.get(`${role} ${epoch}`), time);
  }

  get records(): Iterable<ValidatorRecord> {
    return this.#records.values();
  }

  attestationData(slot: Slot): AttestationData | undefined {
    return this.#data.get(slot);
  }

  headRoot(slot: Slot): HeadRoot | undefined {
    return this.#headRoots.get(slot);
  }

  #learn({ input, time }: RecordedTurn): void {
    if (input.of === 'stream' && input.event.type === 'STREAM_HEAD') {
      this.heads.push({ time, value: input.event.head });
    }
    if (input.of === 'send' || (input.of === 'source' && input.event.type !== 'VALIDATORS_KNOWN')) {
      this.changes.push({ time, value: input.event });
    }
    if (input.of !== 'answer' || 'error' in input.outcome) return;
    const { question, outcome } = input;
    switch (question.what) {
      case 'duties': {
        const key = `${question.role} ${question.epoch}`;
        const known = this.#duties.get(key) ?? [];
        // A delta names few; what names more knows more.
        const answer = outcome.value as DutyAnswer;
        const last = known.at(-1)?.value;
        const isPart = last !== undefined && last.columns.validator.length > answer.columns.validator.length;
        if (!isPart || last.dependentRoot !== answer.dependentRoot) known.push({ time, value: answer });
        this.#duties.set(key, known);
        return;
      }
      case 'validators':
        for (const record of outcome.value as ValidatorRecord[]) this.#records.set(record.index, record);
        return;
      case 'sync-status':
        this.statuses.push({ time, value: outcome.value as SyncStatus });
        return;
      case 'attestation-data':
        this.#data.set(question.slot, outcome.value as AttestationData);
        return;
      case 'head-root':
        this.#headRoots.set(question.slot, outcome.value as HeadRoot);
        return;
    }
  }
}
