import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Slot } from '../../machines/rules/chain-time.js';
import type { ValidatorIndex } from '../../machines/rules/duties.js';
import { ConfigurationError } from '../chain-loader.js';
import { reasonOf } from '../data-directory/reason.js';
import { listSegments, segmentFile } from '../data-directory/segments.js';
import { TurnReader, type JournalPart } from '../recording/turns.js';
import { DutyHistory } from './duty-history.js';
import type { Explanation } from './explanation.js';

/**
 * Reads the journal of a data directory, that of a running process too, and tells what it says of a validator in a
 * slot. Rejects with a {@link ConfigurationError} where there is no journal.
 */
export async function explainFromJournal(
  dataDirectory: string,
  { slot, validator }: { readonly slot: Slot; readonly validator: ValidatorIndex },
): Promise<Explanation> {
  const history = new DutyHistory(slot, validator);
  const gaps: string[] = [];
  const reader = new TurnReader();
  /** False for what is no line of a journal, or lacks what its type has. */
  const isTaken = (read: () => readonly JournalPart[]) => {
    try {
      for (const part of read()) history.take(part);
      return true;
    } catch {
      return false;
    }
  };
  let lastFile = '';
  for (const file of await segmentsOf(dataDirectory)) {
    let number = 0;
    let unreadable = 0;
    try {
      for await (const text of linesOf(join(dataDirectory, file))) {
        number++;
        if (!isTaken(() => reader.read(text, { file, line: number }))) unreadable++;
      }
    } catch (error) {
      // A running process removes what is old.
      if (!isGone(error)) throw error;
      gaps.push(`${file} went while the journal was read`);
    }
    lastFile = file;
    if (unreadable > 0) gaps.push(`${file}: ${unreadable} lines cannot be read`);
  }
  if (!isTaken(() => reader.end())) gaps.push(`${lastFile}: its last turn cannot be read`);
  return history.explain(gaps);
}

async function segmentsOf(dataDirectory: string): Promise<string[]> {
  let names;
  try {
    ({ names } = await listSegments(dataDirectory));
  } catch (error) {
    throw new ConfigurationError(`--data-dir ${dataDirectory}: ${reasonOf(error)}`);
  }
  if (names.length === 0) throw new ConfigurationError(`--data-dir ${dataDirectory}: there is no journal in it`);
  return names.map(segmentFile);
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** Lines of a file that may still be written: what has no newline yet is left out. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let last: string | undefined;
  let endsWithNewline = false;
  const stream = createReadStream(path, 'utf8');
  stream.on('data', (chunk) => (endsWithNewline = String(chunk).endsWith('\n')));
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
    if (last !== undefined) yield last;
    last = line;
  }
  if (last !== undefined && endsWithNewline) yield last;
}
