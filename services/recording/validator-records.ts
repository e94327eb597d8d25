import { VALIDATOR_STATUSES, type ValidatorRecord } from '../../machines/rules/validators.js';

const PUBKEY_BYTES = 48;
/** Far future epoch, in a column. */
const NEVER = 0xffff_ffff;
/** Epochs from here on are written as never: they are further away than any chain will live. */
const LAST_EPOCH = NEVER - 1;

/** Records of validators as columns, in their order. */
export interface RecordColumns {
  readonly index: Uint32Array;
  readonly status: Uint8Array;
  readonly activation: Uint32Array;
  readonly exit: Uint32Array;
  /** Of the validators that were not named before, in their order: 48 bytes each. */
  readonly pubkeys: Uint8Array;
}

/**
 * Packs what a node says of validators: 13 bytes each, and the pubkey once. A reader has to have seen what the writer
 * wrote; both begin anew with each segment of the journal.
 */
export class ValidatorRecordPacker {
  readonly #pubkeys = new Map<number, string>();

  /** A new segment begins: it must be readable by itself. */
  begin(): void {
    this.#pubkeys.clear();
  }

  pack(records: readonly ValidatorRecord[]): RecordColumns {
    const pubkeys: string[] = [];
    const columns = {
      index: new Uint32Array(records.length),
      status: new Uint8Array(records.length),
      activation: new Uint32Array(records.length),
      exit: new Uint32Array(records.length),
    };
    for (const [row, { index, pubkey, status, activationEpoch, exitEpoch }] of records.entries()) {
      columns.index[row] = index;
      columns.status[row] = VALIDATOR_STATUSES.indexOf(status);
      columns.activation[row] = epochWord(activationEpoch);
      columns.exit[row] = epochWord(exitEpoch);
      if (this.#pubkeys.get(index) === pubkey) continue;
      if (this.#pubkeys.has(index)) throw new RangeError(`validator ${index} has two pubkeys`);
      this.#pubkeys.set(index, pubkey);
      pubkeys.push(pubkey.slice(2));
    }
    return { ...columns, pubkeys: bytesOf(pubkeys) };
  }

  /** Throws a `TypeError` for columns that no writer wrote. */
  unpack(columns: RecordColumns): ValidatorRecord[] {
    if (!areColumns(columns)) throw new TypeError('records of validators that are no columns');
    const { index: indices, status, activation, exit, pubkeys } = columns;
    const hex = Buffer.from(pubkeys).toString('hex');
    let next = 0;
    return Array.from(indices, (index, row) => {
      let pubkey = this.#pubkeys.get(index);
      if (pubkey === undefined) {
        const digits = hex.slice(next, (next += 2 * PUBKEY_BYTES));
        if (digits.length < 2 * PUBKEY_BYTES) throw new TypeError(`validator ${index} has no pubkey`);
        pubkey = `0x${digits}`;
        this.#pubkeys.set(index, pubkey);
      }
      const name = VALIDATOR_STATUSES[status[row]!];
      if (name === undefined) throw new TypeError(`validator ${index} has an unknown status`);
      const activationEpoch = epochFrom(activation[row]!);
      return { index, pubkey, status: name, activationEpoch, exitEpoch: epochFrom(exit[row]!) };
    });
  }
}

/** Anything else with a length would be taken for as many bytes and rows as it says. */
function areColumns({
  index,
  status,
  activation,
  exit,
  pubkeys,
}: Readonly<Record<keyof RecordColumns, unknown>>): boolean {
  const words = [index, activation, exit];
  return (
    words.every((column) => column instanceof Uint32Array) &&
    [status, pubkeys].every((column) => column instanceof Uint8Array)
  );
}

/** Throws a `RangeError` for what is no hex of 48 bytes each. */
function bytesOf(digits: readonly string[]): Uint8Array {
  const bytes = Uint8Array.from(Buffer.from(digits.join(''), 'hex'));
  if (bytes.length !== PUBKEY_BYTES * digits.length) throw new RangeError('a pubkey is not 48 bytes long');
  return bytes;
}

function epochWord(epoch: number): number {
  return epoch > LAST_EPOCH ? NEVER : epoch;
}

function epochFrom(word: number): number {
  return word === NEVER ? Infinity : word;
}
