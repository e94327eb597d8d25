/** Operations on columns of validator indices and row numbers, written for 100 000 rows. */

/** 0, 1, …, length − 1. */
export function identity(length: number): Uint32Array {
  const rows = new Uint32Array(length);
  for (let i = 0; i < length; i++) rows[i] = i;
  return rows;
}

/** Whether keys never fall. */
export function isAscending(keys: Uint32Array): boolean {
  for (let i = 1; i < keys.length; i++) if (keys[i - 1]! > keys[i]!) return false;
  return true;
}

/**
 * Rows ordered by their keys, stable. Answers often come in request order, then nothing is sorted; else a radix sort
 * in two passes, which stays under 3 ms for 100 000 rows where a comparator needs 30 ms.
 */
export function orderBy(keys: Uint32Array): Uint32Array {
  const rows = identity(keys.length);
  if (isAscending(keys)) return rows;
  if (keys.length < 2048) return rows.sort((a, b) => keys[a]! - keys[b]! || a - b);
  return radixPass(keys, radixPass(keys, rows, 0), 16);
}

function radixPass(keys: Uint32Array, rows: Uint32Array, shift: number): Uint32Array {
  const next = new Uint32Array(0x10001);
  for (const row of rows) next[((keys[row]! >>> shift) & 0xffff) + 1]!++;
  for (let k = 0; k < 0x10000; k++) next[k + 1]! += next[k]!;
  const ordered = new Uint32Array(rows.length);
  for (const row of rows) ordered[next[(keys[row]! >>> shift) & 0xffff]!++] = row;
  return ordered;
}

/** The values of some rows. */
export function take<T extends Uint16Array | Uint32Array>(column: T, rows: Uint32Array): T;
export function take(column: Uint16Array | Uint32Array, rows: Uint32Array): Uint16Array | Uint32Array {
  return column instanceof Uint16Array ? takeSmall(column, rows) : takeWhole(column, rows);
}

// Two functions, because one that meets both kinds of column is compiled to something twice as slow.
function takeSmall(column: Uint16Array, rows: Uint32Array): Uint16Array {
  const taken = new Uint16Array(rows.length);
  for (let i = 0; i < rows.length; i++) taken[i] = column[rows[i]!]!;
  return taken;
}

function takeWhole(column: Uint32Array, rows: Uint32Array): Uint32Array {
  const taken = new Uint32Array(rows.length);
  for (let i = 0; i < rows.length; i++) taken[i] = column[rows[i]!]!;
  return taken;
}

/** One column after the other. */
export function join<T extends Uint16Array | Uint32Array>(a: T, b: T): T {
  const joined = new (a.constructor as new (length: number) => T)(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

/** An ascending column of distinct indices. */
export function ascending(indices: Iterable<number>): Uint32Array {
  return Uint32Array.from(new Set(indices)).sort();
}

/** The distinct members of two ascending columns, ascending. */
export function union(a: Uint32Array, b: Uint32Array): Uint32Array {
  const members = new Uint32Array(a.length + b.length);
  let count = 0;
  for (let i = 0, k = 0; i < a.length || k < b.length;) {
    const next = k >= b.length || (i < a.length && a[i]! <= b[k]!) ? a[i++]! : b[k++]!;
    if (count === 0 || members[count - 1] !== next) members[count++] = next;
  }
  return members.slice(0, count);
}

/** Members of `a` (ascending) that are not in `b` (ascending). */
export function difference(a: Uint32Array, b: Uint32Array): Uint32Array {
  const isInB = membership(b);
  return a === b ? new Uint32Array(0) : a.filter((member) => !isInB(member));
}

/** Whether an index is in a column (ascending), for askers whose questions never fall. */
export function membership(column: Uint32Array): (index: number) => boolean {
  let k = 0;
  return (index) => {
    while (k < column.length && column[k]! < index) k++;
    return column[k] === index;
  };
}
