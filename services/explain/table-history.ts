import type { Slot } from '../../machines/rules/chain-time.js';
import type { DutyAnswer, Role, ValidatorIndex } from '../../machines/rules/duties.js';
import type { RecordedTurn } from '../recording/turns.js';
import type { LifeStep } from './explanation.js';

/** A line of the event log as the journal holds it. */
export type Line = RecordedTurn['decisions'][number];

/** A step, before it is known from which slot its offset counts. */
export type Happened = Omit<LifeStep, 'offsetMs'>;

const ROOT_SHOWN = 10;

/** What the journal says of one duty table: an epoch (a period) of a role, for one validator. */
export class TableHistory {
  /** Slots in which the validator has its duty by the last answer that named it; undefined: no answer was taken in. */
  #slots: readonly Slot[] | 'every' | undefined;
  #failures = 0;
  #lastError: string | undefined;
  readonly #steps: Happened[] = [];

  constructor(
    readonly role: Role,
    readonly target: number,
    private readonly validator: ValidatorIndex,
  ) {}

  get steps(): readonly Happened[] {
    return this.#steps;
  }

  /** Whether an answer was taken in. */
  get wasReady(): boolean {
    return this.#slots !== undefined;
  }

  get failures(): { readonly count: number; readonly lastError: string | undefined } {
    return { count: this.#failures, lastError: this.#lastError };
  }

  hasDutyIn(slot: Slot): boolean {
    return this.#slots === 'every' || (this.#slots?.includes(slot) ?? false);
  }

  /** Slots of the validator's duties in this table; a sync committee duty stands in every slot. */
  get slots(): readonly Slot[] | 'every' {
    return this.#slots ?? [];
  }

  /** The table was filled or replaced by an answer. */
  noteFetched(line: Line, answer: DutyAnswer | undefined, time: number): void {
    const slots = answer && slotsIn(answer, this.validator);
    const cause = String(line['cause']);
    // Who was not asked for has the duties it had.
    if (slots === undefined && cause === 'validators-changed' && this.#slots !== undefined) return;
    const before = this.#slots;
    this.#slots = slots ?? [];
    const root = line['dependentRoot'];
    const by = typeof root === 'string' ? ` for root ${root.slice(0, ROOT_SHOWN)}…` : '';
    const has =
      slots === undefined ? 'without this validator' : slots === 'every' ? 'with it' : `with slot ${slots.join(', ')}`;
    if (slots === undefined && (before === undefined || before.length === 0)) return;
    this.#steps.push({
      time,
      what: 'planned',
      text: `${this.role} duties of ${this.#name(line)} fetched (${cause})${by}, ${has}`,
    });
  }

  noteFailed(line: Line, time: number): void {
    this.#failures++;
    this.#lastError = String(line['error']);
    this.#steps.push({
      time,
      what: 'fetch-failed',
      text: `${this.role} duties of ${this.#name(line)} could not be fetched (${String(line['cause'])}): ${this.#lastError}`,
    });
  }

  noteChanged(line: Line, time: number): void {
    for (const change of ['added', 'removed', 'moved'] as const) {
      if (!(line[change] as readonly number[] | undefined)?.includes(this.validator)) continue;
      // Gone with its validator, not with an answer: no later answer need name it.
      if (change === 'removed') this.#slots = [];
      this.#steps.push({ time, what: 'changed', text: `its ${this.role} duty in ${this.#name(line)} was ${change}` });
    }
  }

  noteReorg(line: Line, time: number): void {
    this.#steps.push({
      time,
      what: 'reorg',
      text: `a re-org proved the ${this.role} duties of ${this.#name(line)} wrong`,
    });
  }

  #name(line: Line): string {
    return 'period' in line || this.role === 'sync-committee' ? `period ${this.target}` : `epoch ${this.target}`;
  }
}

/** Slots of a validator's duties in an answer; undefined where it has none. */
function slotsIn(
  { columns: { validator, slot } }: DutyAnswer,
  index: ValidatorIndex,
): readonly Slot[] | 'every' | undefined {
  const rows = [...validator.keys()].filter((row) => validator[row] === index);
  if (rows.length === 0) return undefined;
  return slot === undefined ? 'every' : rows.map((row) => slot[row]!);
}
