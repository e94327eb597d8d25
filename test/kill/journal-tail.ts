import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';

/** A line of a journal, as far as the checks look at it. */
export interface JournalLine {
  readonly type: string;
  /** Unix ms. */
  readonly time: number;
  readonly slot: number;
  readonly role?: string;
  readonly epoch?: number;
  readonly validators?: readonly number[];
  readonly reason?: string;
}

/** Reads what was added to the journal of a data directory since it last looked; half a line at an end is left. */
export class JournalTail {
  /** Bytes of each segment that were read. */
  readonly #read = new Map<string, number>();

  constructor(private readonly dataDir: string) {}

  /** Of lines that are no input, the oldest first. */
  news(): JournalLine[] {
    if (!existsSync(this.dataDir)) return [];
    const slotOf = (file: string) => file.match(/\d+/g)!.map(Number);
    const files = readdirSync(this.dataDir).filter((file) => file.startsWith('journal-') && file.endsWith('.jsonl'));
    const inOrder = files.sort((a, b) => {
      const [slotA, partA = 0] = slotOf(a);
      const [slotB, partB = 0] = slotOf(b);
      return slotA! - slotB! || partA - partB;
    });
    return inOrder.flatMap((file) => this.#newsOf(file));
  }

  #newsOf(file: string): JournalLine[] {
    const from = this.#read.get(file) ?? 0;
    const text = textFrom(join(this.dataDir, file), from);
    const complete = text.subarray(0, text.lastIndexOf(0x0a) + 1);
    this.#read.set(file, from + complete.length);
    const lines = complete.toString().split('\n').slice(0, -1);
    return lines
      .filter((line) => !line.startsWith('{"type":"input"') && !line.startsWith('{"type":"machine-state"'))
      .map((line) => JSON.parse(line) as JournalLine);
  }
}

function textFrom(path: string, from: number): Buffer {
  const file = openSync(path, 'r');
  try {
    const text = Buffer.alloc(Math.max(0, fstatSync(file).size - from));
    const length = readSync(file, text, 0, text.length, from);
    return text.subarray(0, length);
  } finally {
    closeSync(file);
  }
}
