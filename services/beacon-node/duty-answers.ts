/**
 * Duty answers, from JSON text into columns. By hand and not by a schema library: 100 000 duties come at once, and
 * parsing them delays the slot's work.
 */
import type { Epoch, Root } from '../../machines/rules/chain-time.js';
import type { DutyColumns } from '../../machines/rules/duties.js';
import { schemaError } from './failures.js';
import { parseJson } from './http-client.js';
import { NOT_AN_INTEGER, readInteger, readObject, readRoot } from './wire-values.js';

const MAX_INDEX = 2 ** 32 - 1;
const MAX_SMALL = 2 ** 16 - 1;

/** One answer, which may be a part of what was asked for. */
export interface DutyPart {
  readonly dependentRoot: Root | null;
  readonly columns: DutyColumns;
}

/** Slots that the duties of an epoch may name. */
export interface SlotRange {
  readonly first: number;
  readonly last: number;
}

/** Slots of an epoch; every slot as long as the length of an epoch is unknown. */
export function slotRange(epoch: Epoch, slotsPerEpoch: number | undefined): SlotRange {
  if (slotsPerEpoch === undefined) return { first: 0, last: MAX_INDEX };
  return { first: epoch * slotsPerEpoch, last: (epoch + 1) * slotsPerEpoch - 1 };
}

/**
 * Answer of `POST /eth/v1/validator/duties/attester/{epoch}`; rows of validators that are not in `asked` are left
 * out. Throws a `BeaconNodeError` of kind `schema` naming row and field, also for a slot outside `slots`.
 */
export function readAttesterDuties(endpoint: string, text: string, asked: Uint32Array, slots: SlotRange): DutyPart {
  const answer = new AnswerReader(endpoint, text);
  const size = answer.rows.length;
  const wanted = new Set(asked);
  const validator = new Uint32Array(size);
  const slot = new Uint32Array(size);
  const committeeIndex = new Uint16Array(size);
  const committeeLength = new Uint16Array(size);
  const committeesAtSlot = new Uint16Array(size);
  const validatorCommitteeIndex = new Uint16Array(size);
  let n = 0;
  for (let row = 0; row < size; row++) {
    const duty = answer.row(row);
    const index = answer.integer(duty, row, 'validator_index', MAX_INDEX);
    if (!wanted.has(index)) continue;
    validator[n] = index;
    slot[n] = answer.slot(duty, row, slots);
    committeeIndex[n] = answer.integer(duty, row, 'committee_index', MAX_SMALL);
    committeeLength[n] = answer.integer(duty, row, 'committee_length', MAX_SMALL);
    committeesAtSlot[n] = answer.integer(duty, row, 'committees_at_slot', MAX_SMALL);
    validatorCommitteeIndex[n] = answer.integer(duty, row, 'validator_committee_index', MAX_SMALL);
    n++;
  }
  return {
    dependentRoot: answer.dependentRoot(),
    columns: {
      validator: validator.slice(0, n),
      slot: slot.slice(0, n),
      fields: {
        committeeIndex: committeeIndex.slice(0, n),
        committeeLength: committeeLength.slice(0, n),
        committeesAtSlot: committeesAtSlot.slice(0, n),
        validatorCommitteeIndex: validatorCommitteeIndex.slice(0, n),
      },
    },
  };
}

/** Answer of `GET /eth/v{1,2}/validator/duties/proposer/{epoch}`: everyone's. Throws like {@link readAttesterDuties}. */
export function readProposerDuties(endpoint: string, text: string, slots: SlotRange): DutyPart {
  const answer = new AnswerReader(endpoint, text);
  const size = answer.rows.length;
  const validator = new Uint32Array(size);
  const slot = new Uint32Array(size);
  for (let row = 0; row < size; row++) {
    const duty = answer.row(row);
    validator[row] = answer.integer(duty, row, 'validator_index', MAX_INDEX);
    slot[row] = answer.slot(duty, row, slots);
  }
  return { dependentRoot: answer.dependentRoot(), columns: { validator, slot, fields: {} } };
}

/**
 * Answer of `POST /eth/v1/validator/duties/sync/{epoch}`; rows of validators that are not in `asked`, and of those
 * without a position in the committee, are left out. Throws like {@link readAttesterDuties}.
 */
export function readSyncDuties(endpoint: string, text: string, asked: Uint32Array): DutyPart {
  const answer = new AnswerReader(endpoint, text);
  const size = answer.rows.length;
  const wanted = new Set(asked);
  const validator = new Uint32Array(size);
  const offsets = new Uint32Array(size + 1);
  const values: number[] = [];
  let n = 0;
  for (let row = 0; row < size; row++) {
    const duty = answer.row(row);
    const index = answer.integer(duty, row, 'validator_index', MAX_INDEX);
    if (!wanted.has(index)) continue;
    const positions = duty['validator_sync_committee_indices'];
    if (!Array.isArray(positions)) return answer.fail(row, 'validator_sync_committee_indices', 'expected an array');
    if (positions.length === 0) continue;
    for (const position of positions as unknown[]) {
      const value = readInteger(position, MAX_SMALL);
      if (value === NOT_AN_INTEGER) answer.failInteger(row, 'validator_sync_committee_indices', MAX_SMALL);
      values.push(value);
    }
    validator[n] = index;
    n++;
    offsets[n] = values.length;
  }
  const columns = {
    validator: validator.slice(0, n),
    fields: {},
    positions: { offsets: offsets.slice(0, n + 1), values: Uint16Array.from(values) },
  };
  return { dependentRoot: null, columns };
}

type Row = Readonly<Record<string, unknown>>;

/** The shape that all duty answers share, and the words for what is wrong with one. */
class AnswerReader {
  readonly rows: readonly unknown[];
  readonly #body: Row;

  constructor(
    readonly endpoint: string,
    text: string,
  ) {
    const body = readObject(parseJson(endpoint, text));
    if (body === undefined) throw schemaError(endpoint, '', 'expected an object');
    if (!Array.isArray(body['data'])) throw schemaError(endpoint, 'data', 'expected an array');
    this.#body = body;
    this.rows = body['data'];
  }

  dependentRoot(): Root {
    const root = readRoot(this.#body['dependent_root']);
    if (root === undefined) throw schemaError(this.endpoint, 'dependent_root', 'expected 32 bytes of 0x hex');
    return root;
  }

  row(row: number): Row {
    return readObject(this.rows[row]) ?? this.fail(row, undefined, 'expected an object');
  }

  integer(duty: Row, row: number, field: string, max: number): number {
    const value = readInteger(duty[field], max);
    return value === NOT_AN_INTEGER ? this.failInteger(row, field, max) : value;
  }

  slot(duty: Row, row: number, slots: SlotRange): number {
    const slot = this.integer(duty, row, 'slot', MAX_INDEX);
    if (slot >= slots.first && slot <= slots.last) return slot;
    return this.fail(row, 'slot', `${slot} is outside the epoch asked for (slots ${slots.first} to ${slots.last})`);
  }

  failInteger(row: number, field: string, max: number): never {
    return this.fail(row, field, `expected a decimal number up to ${max}`);
  }

  fail(row: number, field: string | undefined, expectation: string): never {
    throw schemaError(this.endpoint, `data[${row}]${field === undefined ? '' : `.${field}`}`, expectation);
  }
}
