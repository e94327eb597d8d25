import type { Root } from '../../machines/rules/chain-time.js';
import type { DutyAnswer, DutyColumns, Role } from '../../machines/rules/duties.js';
import { DutyTable, type TableSpan } from '../../machines/rules/duty-table.js';
import { ascending } from '../../machines/rules/index-columns.js';
import { root } from './chain.js';

/** A duty as a person writes it down. `slot` is left out for the sync committee, `positions` for the other roles. */
export interface Row {
  readonly validator: number;
  readonly slot?: number;
  /** Fills the four small fields with four different numbers. */
  readonly committee?: number;
  readonly positions?: readonly number[];
}

/** Rows in the form in which a beacon node's answer arrives. */
export function columnsOf(role: Role, rows: readonly Row[]): DutyColumns {
  const validator = Uint32Array.from(rows, (row) => row.validator);
  if (role === 'sync-committee') {
    const positions = rows.map((row) => row.positions ?? []);
    const offsets = new Uint32Array(rows.length + 1);
    positions.forEach((own, i) => (offsets[i + 1] = offsets[i]! + own.length));
    return { validator, fields: {}, positions: { offsets, values: Uint16Array.from(positions.flat()) } };
  }
  const slot = Uint32Array.from(rows, (row) => row.slot ?? 0);
  if (role === 'proposer') return { validator, slot, fields: {} };
  const column = (shift: number) => Uint16Array.from(rows, (row) => (row.committee ?? 0) + shift);
  const fields = {
    committeeIndex: column(0),
    committeeLength: column(100),
    committeesAtSlot: column(200),
    validatorCommitteeIndex: column(300),
  };
  return { validator, slot, fields };
}

/** A node's answer. */
export function answerOf(
  role: Role,
  rows: readonly Row[],
  dependentRoot: Root | null = role === 'sync-committee' ? null : root(1),
  endpointVersion: 1 | 2 = 1,
): DutyAnswer {
  return { dependentRoot, endpointVersion, columns: columnsOf(role, rows) };
}

/** Epoch 2 of 8 slots, where a test does not care. */
export const SOME_SPAN = { target: 2, firstSlot: 16, slotCount: 8 } as const;

/** A table of some rows, computed for the validators in them unless told otherwise. */
export function tableOf(
  role: Role,
  rows: readonly Row[],
  options: Partial<Omit<TableSpan, 'role'>> & { asked?: readonly number[]; dependentRoot?: Root | null } = {},
): DutyTable {
  const { asked = rows.map((row) => row.validator), dependentRoot, ...span } = options;
  return DutyTable.build({
    span: { role, ...SOME_SPAN, ...span },
    asked: ascending(asked),
    ...answerOf(role, rows, dependentRoot),
  });
}

/** The duties of a table, in its order. */
export function rowsIn(table: DutyTable): Row[] {
  return Array.from({ length: table.size }, (_, row) => {
    const slot = table.slotOf(row);
    const validator = table.validator[row]!;
    switch (table.span.role) {
      case 'sync-committee':
        return { validator, positions: [...table.positions(row)] };
      case 'proposer':
        return { validator, slot };
      case 'attester':
        return { validator, slot, committee: table.field(row, 'committeeIndex') };
    }
  });
}
