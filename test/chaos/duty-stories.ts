import type { Epoch, Slot } from '../../machines/rules/chain-time.js';
import type { ValidatorIndex } from '../../machines/rules/duties.js';
import type { ChainDuty } from './chain-record.js';
import type { HeardLine } from './scheduler-process.js';

/** What the event log says of one duty. */
interface Story {
  /** Unix ms at which each execution was heard of. */
  readonly executedAt: number[];
  /** Of the last line that is no execution: its type, with the reason. */
  last: string;
}

interface Attestation {
  readonly slot: Slot;
  readonly epoch: Epoch;
  readonly heardAt: number;
}

const keyOf = ({ kind, slot, validator }: { kind: string; slot: Slot; validator: ValidatorIndex }) =>
  `${kind} ${slot} ${validator}`;

/** The event log, by duty. */
export class DutyStories {
  /** What was executed twice, and attestations that repeat a target epoch or go back. */
  readonly doubled: string[] = [];
  readonly #stories = new Map<string, Story>();
  /** The attestations of each validator, in the order in which they were made. */
  readonly #attested = new Map<ValidatorIndex, Attestation[]>();

  constructor(
    lines: readonly HeardLine[],
    private readonly slotsPerEpoch: number,
  ) {
    const duties = lines.filter(({ type }) => type.startsWith('duty-'));
    for (const line of duties) for (const validator of line.validators!) this.#take(line, validator);
  }

  /** Unix ms at which it was first executed. */
  executedAt(duty: ChainDuty): number | undefined {
    return this.#stories.get(keyOf(duty))?.executedAt[0];
  }

  /** Why it was not executed, as the event log has it. */
  reasonOf(duty: ChainDuty): string {
    return this.#stories.get(keyOf(duty))?.last ?? 'not heard of';
  }

  /** By a time (unix ms), the validator had attested for the epoch of a slot, or a later one, in another slot. */
  hasAttestedElsewhere(validator: ValidatorIndex, slot: Slot, by: number): boolean {
    const epoch = Math.floor(slot / this.slotsPerEpoch);
    const before = (this.#attested.get(validator) ?? []).filter(({ heardAt }) => heardAt <= by);
    return before.some((other) => other.slot !== slot && other.epoch >= epoch);
  }

  #take({ type, role: kind, slot, reason, heardAt }: HeardLine, validator: ValidatorIndex): void {
    const key = keyOf({ kind: kind!, slot, validator });
    const story = this.#stories.get(key) ?? { executedAt: [], last: '' };
    this.#stories.set(key, story);
    if (type !== 'duty-executed') {
      story.last = reason === undefined ? type : `${type} ${reason}`;
      return;
    }
    story.executedAt.push(heardAt);
    if (story.executedAt.length > 1) this.doubled.push(`${key} was executed ${story.executedAt.length} times`);
    if (kind === 'attester') this.#attest(validator, slot, heardAt);
  }

  #attest(validator: ValidatorIndex, slot: Slot, heardAt: number): void {
    const epoch = Math.floor(slot / this.slotsPerEpoch);
    const before = this.#attested.get(validator) ?? [];
    const last = before.at(-1);
    if (last !== undefined && last.epoch >= epoch && last.slot !== slot)
      this.doubled.push(
        `validator ${validator} attests in slot ${slot} after slot ${last.slot}: epochs ${epoch}, ${last.epoch}`,
      );
    this.#attested.set(validator, [...before, { slot, epoch, heardAt }]);
  }
}
