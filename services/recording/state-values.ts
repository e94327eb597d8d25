/** What the machines hold, as JSON: the classes of the rules by their data, what the world provides by its name. */
import type { Clock, Random } from '../../machines/ports.js';
import { ClaimLedger } from '../../machines/rules/at-most-once.js';
import type { Role } from '../../machines/rules/duties.js';
import { DutyTable, type DutyTableParts } from '../../machines/rules/duty-table.js';
import { Registry } from '../../machines/rules/registry.js';
import type { RoleDefinition } from '../../machines/rules/role-definition.js';
import { Disputes, type DisputedPair } from '../../machines/rules/root-disputes.js';
import { CHAIN_LIMITS } from '../beacon-node/chain-spec.js';
import { ValidatorRecordPacker, type RecordColumns } from './validator-records.js';
import { fromJson, toJson } from './values.js';

/** What stands for itself in every context: a state names it, and whoever restores one provides it. */
export interface Provided {
  readonly clock: Clock;
  readonly random: Random;
  readonly claims: ClaimLedger;
  readonly roles: Readonly<Record<Role, RoleDefinition>>;
}

interface RegistryValues {
  /** How each is named; see {@link NAMED_BY_PUBKEY}. */
  readonly named: Uint8Array;
  /** Names of those that no node knows yet, by row. */
  readonly names: ReadonlyMap<number, string>;
  readonly liquidated: Uint8Array;
  readonly known: Uint8Array;
  /** Of those known, in their order. */
  readonly records: RecordColumns;
  readonly eventSlots: ReadonlyMap<number, number>;
  readonly committees: ReadonlyMap<number, readonly number[]>;
}

/** Writes a state as JSON. What is held in several places is written once. */
export function stateToJson(state: object, clock: Clock, random: Random): string {
  const seen = new Map<object, number>();
  const once = (value: object, write: () => object) => {
    const before = seen.get(value);
    if (before !== undefined) return { $same: before };
    const id = seen.size;
    seen.set(value, id);
    return { $once: { ...write(), id } };
  };
  return toJson(state, (value) => {
    if (value === clock) return { $provided: 'clock' };
    if (value === random) return { $provided: 'random' };
    if (value instanceof ClaimLedger) return { $provided: 'claims' };
    if (isRole(value)) return { $role: value.role };
    if (value instanceof Registry) return once(value, () => ({ registry: registryValues(value) }));
    if (value instanceof DutyTable) return once(value, () => ({ table: value.toParts() }));
    if (value instanceof Disputes) {
      const { pairs, confirmed } = value;
      return { $disputes: { pairs, confirmed } };
    }
    return undefined;
  });
}

/** Brings a state back. Throws a `TypeError` for what no state can hold. */
export function stateFromJson(fields: unknown, provided: Provided): unknown {
  const seen = new Map<number, object>();
  return fromJson(fields, (tag, content) => {
    switch (tag) {
      case 'provided':
        return provided[content as keyof Provided];
      case 'role':
        return provided.roles[content as Role];
      case 'disputes': {
        const { pairs, confirmed } = content as { pairs: readonly DisputedPair[]; confirmed?: string };
        return new Disputes(pairs, confirmed);
      }
      case 'same':
        return seen.get(content as number);
      case 'once':
        return onceFrom(content as OnceValues, seen);
      default:
        return undefined;
    }
  });
}

type OnceValues = { readonly id: number } & (
  { readonly registry: RegistryValues } | { readonly table: DutyTableParts }
);

function onceFrom(content: OnceValues, seen: Map<number, object>): object {
  const value = 'registry' in content ? registryFrom(content.registry) : tableFrom(content.table);
  seen.set(content.id, value);
  return value;
}

/** Throws a `TypeError` for what no process wrote: a table takes as much memory as its span and columns say. */
function tableFrom(parts: DutyTableParts): DutyTable {
  const { span, asked, columns } = parts;
  const hasColumns = [asked, columns.validator, columns.slot ?? asked].every((column) => column instanceof Uint32Array);
  const hasSpan = span.role === 'sync-committee' || span.slotCount <= CHAIN_LIMITS.mostSlotsPerEpoch;
  if (!hasColumns || !hasSpan) throw new TypeError('a table of duties without columns, or with too many slots');
  return DutyTable.build(parts);
}

const NAMED_BY_PUBKEY = 0;
const NAMED_BY_INDEX = 1;
const NAMED_OTHERWISE = 2;

function isRole(value: object): value is RoleDefinition {
  return 'targetOf' in value && 'needs' in value && 'role' in value;
}

function registryValues(registry: Registry): RegistryValues {
  const named = new Uint8Array(registry.size);
  const names = new Map<number, string>();
  let row = 0;
  const liquidated = new Uint8Array(registry.size);
  const known = new Uint8Array(registry.size);
  const records = [];
  const eventSlots = new Map<number, number>();
  const committees = new Map<number, readonly number[]>();
  for (const validator of registry.values()) {
    const { id, record, eventSlot, committee } = validator;
    named[row] =
      id === record?.pubkey ? NAMED_BY_PUBKEY : id === String(record?.index) ? NAMED_BY_INDEX : NAMED_OTHERWISE;
    if (named[row] === NAMED_OTHERWISE) names.set(row, id);
    liquidated[row] = Number(validator.liquidated);
    known[row] = Number(record !== undefined);
    if (record !== undefined) records.push(record);
    if (eventSlot !== -Infinity) eventSlots.set(row, eventSlot);
    if (committee !== undefined) committees.set(row, committee);
    row++;
  }
  const packed = new ValidatorRecordPacker().pack(records);
  return { named, names, liquidated, known, records: packed, eventSlots, committees };
}

function registryFrom({ named, names, liquidated, known, records, eventSlots, committees }: RegistryValues): Registry {
  if (!(named instanceof Uint8Array)) throw new TypeError('a registry that is no columns');
  const learned = new ValidatorRecordPacker().unpack(records);
  let next = 0;
  const registrations = Array.from(named, (by, row) => {
    const record = known[row] === 1 ? learned[next++] : undefined;
    const eventSlot = eventSlots.get(row);
    const committee = committees.get(row);
    return {
      id: by === NAMED_BY_PUBKEY ? record!.pubkey : by === NAMED_BY_INDEX ? String(record!.index) : names.get(row)!,
      liquidated: liquidated[row] === 1,
      ...(eventSlot !== undefined && { eventSlot }),
      ...(committee !== undefined && { committee }),
    };
  });
  return Registry.EMPTY.add(registrations).learn(learned);
}
