import type { DutyAnswer, Role } from '../../machines/rules/duties.js';
import type { TableAnswer } from './told-node.js';

/** What a node says, as the port's columns. */
export function answerOf(role: Role, version: 1 | 2, { root, rows }: TableAnswer): DutyAnswer {
  const validator = Uint32Array.from(rows.map((row) => row.validator));
  const details = rows.map(({ detail }) => detail);
  const base = { dependentRoot: root, endpointVersion: version };
  if (role === 'sync-committee') {
    const positions = { offsets: Uint32Array.from([...rows.keys(), rows.length]), values: Uint16Array.from(details) };
    return { ...base, columns: { validator, fields: {}, positions } };
  }
  const slot = Uint32Array.from(rows.map((row) => row.slot!));
  if (role === 'proposer') return { ...base, columns: { validator, slot, fields: {} } };
  const column = (value: number) => Uint16Array.from(rows.map(() => value));
  const fields = {
    committeeIndex: Uint16Array.from(details),
    committeeLength: column(4),
    committeesAtSlot: column(2),
    validatorCommitteeIndex: column(0),
  };
  return { ...base, columns: { validator, slot, fields } };
}
