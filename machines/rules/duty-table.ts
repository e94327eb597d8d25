/**
 * A duty table: all duties of one role in one epoch (sync committee: period), immutable, in columns.
 *
 * Rows are ordered by (slot, validator) with an index by slot, so that a tick reads only the duties of its slot; a
 * second order by validator serves look-ups and differences. About 20 bytes a duty, no object per duty.
 */
import type { Root, Slot } from './chain-time.js';
import type { DutyAnswer, DutyColumns, DutyField, Role, ValidatorIndex } from './duties.js';
import { identity, join, orderBy, take, union } from './index-columns.js';

/** Half-open range of rows. */
export interface RowRange {
  readonly from: number;
  readonly to: number;
}

const NO_ROWS: RowRange = { from: 0, to: 0 };

/** Where a table lies in time. For the sync committee, `slotCount` is the period's length and rows hold in every slot. */
export interface TableSpan {
  readonly role: Role;
  /** Epoch; for the sync committee, period. */
  readonly target: number;
  /** First slot in which a duty of the table may be due. */
  readonly firstSlot: Slot;
  readonly slotCount: number;
}

export interface DutyTableParts {
  readonly span: TableSpan;
  readonly dependentRoot: Root | null;
  readonly endpointVersion: 1 | 2;
  /** Validators the table was computed for, ascending. */
  readonly asked: Uint32Array;
  readonly columns: DutyColumns;
}

export class DutyTable {
  readonly span: TableSpan;
  readonly dependentRoot: Root | null;
  readonly endpointVersion: 1 | 2;
  readonly asked: Uint32Array;
  /** Validator of each row. */
  readonly validator: Uint32Array;
  readonly #fields: DutyColumns['fields'];
  readonly #positions: DutyColumns['positions'];
  /** `#rowOfSlot[k]` is the first row of slot firstSlot + k; null where rows hold in every slot. */
  readonly #rowOfSlot: Uint32Array | null;
  /** Rows ordered by validator (then slot). */
  readonly #byValidator: Uint32Array;

  private constructor(
    parts: Omit<DutyTableParts, 'columns'>,
    columns: DutyColumns,
    rowOfSlot: Uint32Array | null,
    byValidator: Uint32Array,
  ) {
    this.span = parts.span;
    this.dependentRoot = parts.dependentRoot;
    this.endpointVersion = parts.endpointVersion;
    this.asked = parts.asked;
    this.validator = columns.validator;
    this.#fields = columns.fields;
    this.#positions = columns.positions;
    this.#rowOfSlot = rowOfSlot;
    this.#byValidator = byValidator;
  }

  /**
   * Builds a table from an answer's columns, in any order. Of rows with the same key (validator; for proposers slot
   * and validator) the first stays, so that a duplicate in an answer cannot become two duties. Throws a RangeError for
   * positions that are not there.
   */
  static build(parts: DutyTableParts): DutyTable {
    const { span } = parts;
    const source = parts.columns;
    const slots = source.slot;
    const byValidator = orderBy(source.validator);
    const kept = new Uint32Array(byValidator.length);
    let count = 0;
    for (const row of byValidator) {
      if (!hasSameKey(source, span.role, kept, count, row)) kept[count++] = row;
    }
    const unique = kept.subarray(0, count);
    if (slots === undefined) {
      const columns = takeRows(source, unique);
      return new DutyTable(parts, columns, null, identity(count));
    }
    // A stable counting sort by slot over rows already ordered by validator.
    const rowOfSlot = new Uint32Array(span.slotCount + 1);
    for (let k = 0; k < count; k++) rowOfSlot[slots[unique[k]!]! - span.firstSlot + 1]!++;
    for (let k = 0; k < span.slotCount; k++) rowOfSlot[k + 1]! += rowOfSlot[k]!;
    const next = rowOfSlot.slice(0, span.slotCount);
    const order = new Uint32Array(count);
    /** New row of each of `unique`, which is in the order of validators. */
    const placed = new Uint32Array(count);
    for (let k = 0; k < count; k++) {
      const row = unique[k]!;
      const place = next[slots[row]! - span.firstSlot]!++;
      order[place] = row;
      placed[k] = place;
    }
    const columns = takeRows(source, order);
    // Only a proposer may have several rows, in whatever order the answer named them.
    return new DutyTable(parts, columns, rowOfSlot, span.role === 'proposer' ? orderBy(columns.validator) : placed);
  }

  get size(): number {
    return this.validator.length;
  }

  /** Rows due in a slot. */
  rowsAt(slot: Slot): RowRange {
    const offset = slot - this.span.firstSlot;
    if (offset < 0 || offset >= this.span.slotCount) return NO_ROWS;
    if (this.#rowOfSlot === null) return { from: 0, to: this.size };
    return { from: this.#rowOfSlot[offset]!, to: this.#rowOfSlot[offset + 1]! };
  }

  /** Slot of a row; undefined for the sync committee, whose rows hold in every slot. */
  slotOf(row: number): Slot | undefined {
    if (this.#rowOfSlot === null) return undefined;
    let low = 0;
    let high = this.span.slotCount;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#rowOfSlot[middle]! <= row) low = middle;
      else high = middle;
    }
    return this.span.firstSlot + low;
  }

  /** Slot of every row, for work on whole tables; undefined for the sync committee. */
  slots(): Uint32Array | undefined {
    const rowOfSlot = this.#rowOfSlot;
    if (rowOfSlot === null) return undefined;
    const slots = new Uint32Array(this.size);
    for (let k = 0; k < this.span.slotCount; k++) slots.fill(this.span.firstSlot + k, rowOfSlot[k], rowOfSlot[k + 1]);
    return slots;
  }

  /** Rows of a validator, ascending by slot; none, one, or (proposer) several. */
  rowsOf(validator: ValidatorIndex): number[] {
    const order = this.#byValidator;
    let low = 0;
    let high = order.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.validator[order[middle]!]! < validator) low = middle + 1;
      else high = middle;
    }
    const rows: number[] = [];
    while (low < order.length && this.validator[order[low]!] === validator) rows.push(order[low++]!);
    return rows;
  }

  /** Row of a validator in a slot, −1 where it has none there. */
  rowAt(slot: Slot, validator: ValidatorIndex): number {
    const { from, to } = this.rowsAt(slot);
    let low = from;
    let high = to;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.validator[middle]! < validator) low = middle + 1;
      else high = middle;
    }
    return low < to && this.validator[low] === validator ? low : -1;
  }

  /** A small field of a row; 0 where the role has no such field. */
  field(row: number, field: DutyField): number {
    return this.#fields[field]?.[row] ?? 0;
  }

  /** A small field of all rows; undefined where the role has no such field. */
  column(field: DutyField): Uint16Array | undefined {
    return this.#fields[field];
  }

  /** Positions in the sync committee of a row; empty for other roles. */
  positions(row: number): Uint16Array {
    if (this.#positions === undefined) return new Uint16Array(0);
    const { offsets, values } = this.#positions;
    return values.subarray(offsets[row], offsets[row + 1]);
  }

  /** Rows ordered by validator, then slot. */
  get byValidator(): Uint32Array {
    return this.#byValidator;
  }

  /** The table with the rows of another answer added; validators of `answer` that it already has are replaced. */
  merge(answer: DutyAnswer, asked: Uint32Array): DutyTable {
    const added = new Set(asked);
    const mine = this.#rows((validator) => !added.has(validator));
    return DutyTable.build({
      span: this.span,
      dependentRoot: this.dependentRoot,
      endpointVersion: this.endpointVersion,
      asked: union(this.asked, asked),
      columns: concatColumns(mine, answer.columns),
    });
  }

  /** The table without some validators; itself where nothing of them is in it. */
  remove(validators: ReadonlySet<ValidatorIndex>): DutyTable {
    const asked = this.asked.filter((validator) => !validators.has(validator));
    const columns = this.#rows((validator) => !validators.has(validator));
    if (asked.length === this.asked.length && columns.validator.length === this.size) return this;
    return DutyTable.build({
      span: this.span,
      dependentRoot: this.dependentRoot,
      endpointVersion: this.endpointVersion,
      asked,
      columns,
    });
  }

  /** The same duties, known to be those of another dependent root. */
  withDependentRoot(dependentRoot: Root | null): DutyTable {
    const columns = { validator: this.validator, fields: this.#fields, positions: this.#positions };
    return new DutyTable({ ...this.#parts(), dependentRoot }, columns, this.#rowOfSlot, this.#byValidator);
  }

  /** What {@link build} makes the same table of. */
  toParts(): DutyTableParts {
    return { ...this.#parts(), columns: this.#rows(() => true) };
  }

  /** A summary, for the inspector and for logs: never the rows. */
  toJSON(): Record<string, unknown> {
    return {
      ...this.span,
      dependentRoot: this.dependentRoot,
      endpointVersion: this.endpointVersion,
      duties: this.size,
    };
  }

  #parts(): Omit<DutyTableParts, 'columns'> {
    const { span, dependentRoot, endpointVersion, asked } = this;
    return { span, dependentRoot, endpointVersion, asked };
  }

  /** The columns of the rows whose validator is kept, with their slots, in table order. */
  #rows(keep: (validator: ValidatorIndex) => boolean): DutyColumns {
    const rows = identity(this.size).filter((row) => keep(this.validator[row]!));
    const slots = this.slots();
    const kept = takeRows({ validator: this.validator, fields: this.#fields, positions: this.#positions }, rows);
    return slots === undefined ? kept : { ...kept, slot: take(slots, rows) };
  }
}

/** Whether an epoch (period) of a slot is that of the table. */
export function covers(table: DutyTable, slot: Slot): boolean {
  return slot >= table.span.firstSlot && slot < table.span.firstSlot + table.span.slotCount;
}

/** Every small field that a row may have. */
export const DUTY_FIELDS: readonly DutyField[] = [
  'committeeIndex',
  'committeeLength',
  'committeesAtSlot',
  'validatorCommitteeIndex',
];

/** Whether one of the last kept rows (ordered by validator) has the key of `row`. */
function hasSameKey(source: DutyColumns, role: Role, kept: Uint32Array, count: number, row: number): boolean {
  for (let i = count - 1; i >= 0 && source.validator[kept[i]!] === source.validator[row]; i--) {
    if (role !== 'proposer' || source.slot![kept[i]!] === source.slot![row]) return true;
  }
  return false;
}

function takeRows(columns: DutyColumns, rows: Uint32Array): DutyColumns {
  const fields: Partial<Record<DutyField, Uint16Array>> = {};
  for (const field of DUTY_FIELDS) {
    const column = columns.fields[field];
    if (column !== undefined) fields[field] = take(column, rows);
  }
  const validator = take(columns.validator, rows);
  if (columns.positions === undefined) return { validator, fields };
  const { offsets, values } = columns.positions;
  const newOffsets = new Uint32Array(rows.length + 1);
  for (let i = 0; i < rows.length; i++) {
    newOffsets[i + 1] = newOffsets[i]! + offsets[rows[i]! + 1]! - offsets[rows[i]!]!;
  }
  const count = newOffsets[rows.length]!;
  // Of a bent journal; without this, a few bytes there would be gigabytes here.
  if (count > values.length) throw new RangeError(`${count} positions where there are ${values.length}`);
  const newValues = new Uint16Array(count);
  for (let i = 0; i < rows.length; i++) {
    newValues.set(values.subarray(offsets[rows[i]!], offsets[rows[i]! + 1]), newOffsets[i]);
  }
  return { validator, fields, positions: { offsets: newOffsets, values: newValues } };
}

/** The rows of two answers one after the other. Both must be of the same role. */
export function concatColumns(a: DutyColumns, b: DutyColumns): DutyColumns {
  // Without a row, an answer may lack the columns of its role.
  if (a.validator.length === 0) return b;
  if (b.validator.length === 0) return a;
  const fields: Partial<Record<DutyField, Uint16Array>> = {};
  for (const field of DUTY_FIELDS) {
    const columnA = a.fields[field];
    const columnB = b.fields[field];
    if (columnA !== undefined && columnB !== undefined) fields[field] = join(columnA, columnB);
  }
  const validator = join(a.validator, b.validator);
  const slot = a.slot && b.slot ? join(a.slot, b.slot) : undefined;
  let positions: DutyColumns['positions'];
  if (a.positions && b.positions) {
    const shift = a.positions.values.length;
    const offsets = join(
      a.positions.offsets,
      b.positions.offsets.subarray(1).map((offset) => offset + shift),
    );
    positions = { offsets, values: join(a.positions.values, b.positions.values) };
  }
  return { validator, fields, ...(slot && { slot }), ...(positions && { positions }) };
}
