import type { DutyColumns, DutyField } from '../../machines/rules/duties.js';

/** The rows of all parts, in their order. The parts are of one role; without a part there are no rows. */
export function joinColumns(parts: readonly DutyColumns[]): DutyColumns {
  const [first] = parts;
  if (first === undefined) return { validator: new Uint32Array(0), fields: {} };
  if (parts.length === 1) return first;
  const fields: Partial<Record<DutyField, Uint16Array>> = {};
  for (const field of Object.keys(first.fields) as DutyField[]) {
    fields[field] = joinShort(parts.map((part) => part.fields[field]));
  }
  return {
    validator: joinLong(parts.map((part) => part.validator)),
    ...(first.slot === undefined ? {} : { slot: joinLong(parts.map((part) => part.slot)) }),
    fields,
    ...(first.positions === undefined ? {} : { positions: joinPositions(parts) }),
  };
}

function joinPositions(parts: readonly DutyColumns[]): NonNullable<DutyColumns['positions']> {
  const rows = parts.reduce((sum, part) => sum + part.validator.length, 0);
  const offsets = new Uint32Array(rows + 1);
  let row = 0;
  let shift = 0;
  for (const { positions } of parts) {
    if (positions === undefined) continue;
    for (const end of positions.offsets.subarray(1)) offsets[++row] = shift + end;
    shift += positions.values.length;
  }
  return { offsets, values: joinShort(parts.map((part) => part.positions?.values)) };
}

function joinLong(columns: readonly (Uint32Array | undefined)[]): Uint32Array {
  const joined = new Uint32Array(totalLength(columns));
  let at = 0;
  for (const column of columns) {
    joined.set(column ?? [], at);
    at += column?.length ?? 0;
  }
  return joined;
}

function joinShort(columns: readonly (Uint16Array | undefined)[]): Uint16Array {
  const joined = new Uint16Array(totalLength(columns));
  let at = 0;
  for (const column of columns) {
    joined.set(column ?? [], at);
    at += column?.length ?? 0;
  }
  return joined;
}

function totalLength(columns: readonly ({ readonly length: number } | undefined)[]): number {
  return columns.reduce((sum, column) => sum + (column?.length ?? 0), 0);
}
