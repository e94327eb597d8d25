/** Inputs as lines of the journal (docs/journal.md), and back. */
import { slotAt, type ChainSpec, type Slot } from '../../machines/rules/chain-time.js';
import type { ValidatorRecord } from '../../machines/rules/validators.js';
import type { Outcome, Question } from '../entrance/entrance.js';
import type { Input, Recorder } from '../entrance/input.js';
import { readBeginning } from './beginning.js';
import { assertInput } from './input-form.js';
import { ValidatorRecordPacker, type RecordColumns } from './validator-records.js';
import { fromJson, toJson } from './values.js';

/** Version of the inputs; a reader refuses another. */
export const INPUTS_VERSION = 1;

/** A question as it is written down: lists by their length and a check sum. */
export type Asked =
  | {
      readonly what: 'duties';
      readonly role: string;
      readonly epoch: number;
      readonly version: 1 | 2;
      /** How many validators were asked for. */
      readonly asked: number;
      readonly check: number;
    }
  | { readonly what: 'validators'; readonly asked: number }
  | { readonly what: 'execution'; readonly kind: string; readonly slot: Slot; readonly asked: number }
  | Exclude<Question, { readonly what: 'duties' | 'validators' | 'execution' }>;

/** An input as it is read back. */
export type RecordedInput =
  | Exclude<Input, { readonly of: 'answer' }>
  | { readonly of: 'answer'; readonly n: number; readonly question: Asked; readonly outcome: Outcome<unknown> }
  /** Belongs to the turn before it. */
  | { readonly of: 'random'; readonly value: number }
  /** An input that could not be written down. */
  | { readonly of: 'lost' };

/** A question by what tells it from others. */
export function askedOf(question: Question): Asked {
  switch (question.what) {
    case 'duties': {
      const { what, role, epoch, version, asked } = question;
      return { what, role, epoch, version, asked: asked.length, check: checkSum(asked) };
    }
    case 'validators':
      return { what: 'validators', asked: question.ids.length };
    case 'execution': {
      const { what, kind, slot, validators } = question;
      return { what, kind, slot, asked: validators.length };
    }
    default:
      return question;
  }
}

/** FNV-1a over the words of a column. */
function checkSum(column: Uint32Array): number {
  let hash = 0x811c9dc5;
  for (const word of column) hash = Math.imul(hash ^ word, 0x01000193);
  return hash >>> 0;
}

/** Writes inputs as lines, each with its newline. */
export class InputWriter implements Recorder {
  readonly #records = new ValidatorRecordPacker();

  constructor(
    private readonly chain: ChainSpec,
    private readonly write: (line: string) => void,
  ) {}

  /** A new segment begins: it must be readable by itself. */
  beginSegment(): void {
    this.#records.begin();
  }

  input(input: Input, time: number): void {
    try {
      this.#write(time, this.#encoded(input));
    } catch {
      // What an embedder hands in may be anything. A replay ends here, and says why.
      this.#write(time, { of: 'lost' });
    }
  }

  drawn(value: number, time: number): void {
    this.#write(time, { of: 'random', value });
  }

  #write(time: number, fields: object): void {
    this.write(`${toJson({ type: 'input', time, slot: slotAt(this.chain, time), ...fields })}\n`);
  }

  #encoded(input: Input): object {
    if (input.of === 'start') return { ...input, version: INPUTS_VERSION };
    if (input.of !== 'answer') return input;
    const { of, n, question, outcome } = input;
    const isRecords = question.what === 'validators' && 'value' in outcome;
    const told = isRecords ? { value: this.#records.pack(outcome.value as ValidatorRecord[]) } : outcome;
    return { of, n, question: askedOf(question), outcome: told };
  }
}

/** Reads inputs back, in the order in which they were written. */
export class InputReader {
  readonly #records = new ValidatorRecordPacker();

  beginSegment(): void {
    this.#records.begin();
  }

  /** The input of a line of type `input`. Throws a `TypeError` for one that this version did not write. */
  read(fields: Readonly<Record<string, unknown>>): RecordedInput {
    const input = fromJson(fields);
    assertInput(input);
    if (input.of === 'start') {
      const { version } = fields;
      if (version !== INPUTS_VERSION) throw new TypeError(`inputs of the unknown version ${String(version)}`);
      return { ...input, beginning: readBeginning(input.beginning) };
    }
    if (input.of !== 'answer' || input.question.what !== 'validators' || !('value' in input.outcome)) return input;
    return { ...input, outcome: { value: this.#records.unpack(input.outcome.value as RecordColumns) } };
  }
}
