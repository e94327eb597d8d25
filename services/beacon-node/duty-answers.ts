/**
 * Duty answers, from JSON text into columns. By hand and not by a schema library: 100 000 duties come at once, and
 * parsing them delays the slot's work.
 */
import type { Epoch, Root } from '../../machines/rules/chain-time.js';
import type { DutyColumns } from '../../machines/rules/duties.js';
import { schemaError } from './failures.js';
import { readFlatAnswer } from './flat-answer.js';
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
  const wanted = new Set(asked);
  return readPlainAttesterDuties(text, wanted, slots) ?? readAnyAttesterDuties(endpoint, text, wanted, slots);
}

const ATTESTER_FIELDS = [
  'validator_index',
  'slot',
  'committee_index',
  'committee_length',
  'committees_at_slot',
  'validator_committee_index',
] as const;

/** Of an answer as nodes write it; undefined where it is of another form, or wrong: then it is read in the other way. */
function readPlainAttesterDuties(text: string, wanted: ReadonlySet<number>, slots: SlotRange): DutyPart | undefined {
  const rows = new AttesterRows(wanted.size);
  const members = readFlatAnswer(text, ATTESTER_FIELDS, (values) => {
    if (!wanted.has(values[0]!)) return values[0]! <= MAX_INDEX;
    const slot = values[1]!;
    if (slot < slots.first || slot > slots.last || rows.isFull) return false;
    for (let field = 2; field < values.length; field++) if (values[field]! > MAX_SMALL) return false;
    rows.add(values[0]!, slot, values[2]!, values[3]!, values[4]!, values[5]!);
    return true;
  });
  const dependentRoot = readRoot(members?.get('dependent_root'));
  return dependentRoot === undefined ? undefined : { dependentRoot, columns: rows.columns() };
}

/** Of any answer, with the words for what is wrong with it. */
function readAnyAttesterDuties(
  endpoint: string,
  text: string,
  wanted: ReadonlySet<number>,
  slots: SlotRange,
): DutyPart {
  const answer = new AnswerReader(endpoint, text);
  const rows = new AttesterRows(answer.rows.length);
  for (let row = 0; row < answer.rows.length; row++) {
    const duty = answer.row(row);
    const index = answer.integer(duty, row, 'validator_index', MAX_INDEX);
    if (!wanted.has(index)) continue;
    rows.add(
      index,
      answer.slot(duty, row, slots),
      answer.integer(duty, row, 'committee_index', MAX_SMALL),
      answer.integer(duty, row, 'committee_length', MAX_SMALL),
      answer.integer(duty, row, 'committees_at_slot', MAX_SMALL),
      answer.integer(duty, row, 'validator_committee_index', MAX_SMALL),
    );
  }
  return { dependentRoot: answer.dependentRoot(), columns: rows.columns() };
}

/** Attester duties on their way into columns. */
class AttesterRows {
  readonly #validator: Uint32Array;
  readonly #slot: Uint32Array;
  readonly #committeeIndex: Uint16Array;
  readonly #committeeLength: Uint16Array;
  readonly #committeesAtSlot: Uint16Array;
  readonly #validatorCommitteeIndex: Uint16Array;
  #count = 0;

  /** @param capacity rows at most */
  constructor(capacity: number) {
    this.#validator = new Uint32Array(capacity);
    this.#slot = new Uint32Array(capacity);
    this.#committeeIndex = new Uint16Array(capacity);
    this.#committeeLength = new Uint16Array(capacity);
    this.#committeesAtSlot = new Uint16Array(capacity);
    this.#validatorCommitteeIndex = new Uint16Array(capacity);
  }

  get isFull(): boolean {
    return this.#count === this.#validator.length;
  }

  add(
    validator: number,
    slot: number,
    committeeIndex: number,
    committeeLength: number,
    committeesAtSlot: number,
    validatorCommitteeIndex: number,
  ): void {
    const row = this.#count++;
    this.#validator[row] = validator;
    this.#slot[row] = slot;
    this.#committeeIndex[row] = committeeIndex;
    this.#committeeLength[row] = committeeLength;
    this.#committeesAtSlot[row] = committeesAtSlot;
    this.#validatorCommitteeIndex[row] = validatorCommitteeIndex;
  }

  columns(): DutyColumns {
    const count = this.#count;
    return {
      validator: this.#validator.slice(0, count),
      slot: this.#slot.slice(0, count),
      fields: {
        committeeIndex: this.#committeeIndex.slice(0, count),
        committeeLength: this.#committeeLength.slice(0, count),
        committeesAtSlot: this.#committeesAtSlot.slice(0, count),
        validatorCommitteeIndex: this.#validatorCommitteeIndex.slice(0, count),
      },
    };
  }
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
