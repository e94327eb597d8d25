/** What changes from one duty table to its successor. */
import type { ValidatorIndex } from './duties.js';
import { DUTY_FIELDS, type DutyTable } from './duty-table.js';
import { membership } from './index-columns.js';

/** Validators by what a new table changes for them, each ascending. */
export interface DutyDiff {
  readonly added: readonly ValidatorIndex[];
  readonly removed: readonly ValidatorIndex[];
  /** Same key, but some field of the duty differs. */
  readonly moved: readonly ValidatorIndex[];
}

export const NO_DIFF: DutyDiff = { added: [], removed: [], moved: [] };

/** Whether a diff changes nothing. */
export function isEmptyDiff(diff: DutyDiff): boolean {
  return diff.added.length + diff.removed.length + diff.moved.length === 0;
}

/**
 * What changes from one table to its successor, for the validators in `among` (ascending; a proposer table names
 * everyone). A proposal is keyed by slot and validator: in another slot it is another duty.
 */
export function diffTables(before: DutyTable, after: DutyTable, among?: Uint32Array): DutyDiff {
  const added: ValidatorIndex[] = [];
  const removed: ValidatorIndex[] = [];
  const moved: ValidatorIndex[] = [];
  const compared = new RowComparison(before, after);
  const counts = among === undefined ? () => true : membership(among);
  const { byValidator: old, validator: oldValidator } = before;
  const { byValidator: fresh, validator: freshValidator } = after;
  const isKeyedBySlot = before.span.role === 'proposer';
  for (let i = 0, k = 0; i < old.length || k < fresh.length;) {
    const [rowA, rowB] = [old[i]!, fresh[k]!];
    const inOld = i < old.length ? oldValidator[rowA]! : Infinity;
    const inFresh = k < fresh.length ? freshValidator[rowB]! : Infinity;
    const order = inOld !== inFresh ? inOld - inFresh : isKeyedBySlot ? compared.slots(rowA, rowB) : 0;
    const validator = order <= 0 ? inOld : inFresh;
    if (counts(validator)) {
      if (order < 0) removed.push(validator);
      else if (order > 0) added.push(validator);
      else if (!compared.areSame(rowA, rowB)) moved.push(validator);
    }
    if (order <= 0) i++;
    if (order >= 0) k++;
  }
  return { added: distinct(added), removed: distinct(removed), moved };
}

/** Compares the rows of two tables of one role; it reads columns only, since it does so for 100 000 rows. */
export class RowComparison {
  readonly #slotsA: Uint32Array | undefined;
  readonly #slotsB: Uint32Array | undefined;
  readonly #fields: readonly { readonly a: Uint16Array; readonly b: Uint16Array }[];
  readonly #hasPositions: boolean;

  constructor(
    private readonly a: DutyTable,
    private readonly b: DutyTable,
  ) {
    this.#slotsA = a.slots();
    this.#slotsB = b.slots();
    this.#fields = DUTY_FIELDS.flatMap((field) => {
      const [columnA, columnB] = [a.column(field), b.column(field)];
      return columnA === undefined || columnB === undefined ? [] : [{ a: columnA, b: columnB }];
    });
    this.#hasPositions = a.span.role === 'sync-committee';
  }

  /** Order of two rows by slot. */
  slots(rowA: number, rowB: number): number {
    return this.#slotsA![rowA]! - this.#slotsB![rowB]!;
  }

  /** Whether two rows say the same of their duty. */
  areSame(rowA: number, rowB: number): boolean {
    if (this.#slotsA?.[rowA] !== this.#slotsB?.[rowB]) return false;
    for (const { a, b } of this.#fields) if (a[rowA] !== b[rowB]) return false;
    return !this.#hasPositions || samePositions(this.a.positions(rowA), this.b.positions(rowB));
  }
}

function samePositions(a: Uint16Array, b: Uint16Array): boolean {
  return a.length === b.length && a.every((position, i) => position === b[i]);
}

/** Of an ascending list, each once: a proposer may lose or win two slots. */
function distinct(validators: readonly ValidatorIndex[]): ValidatorIndex[] {
  return validators.filter((validator, i) => validator !== validators[i - 1]);
}
