/** A journal on the disk, read and never written. */
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { reasonOf } from '../data-directory/reason.js';
import { listSegments, parseSegmentFile, segmentFile } from '../data-directory/segments.js';
import { TurnReader, UnreadableJournal, type JournalPart, type RecordedTurn } from './turns.js';

/**
 * The parts of a journal in their order.
 *
 * @param path a data directory, or one segment of its journal
 * @throws UnreadableJournal for what is neither, and for a line that cannot be read
 */
export async function* readJournalParts(path: string): AsyncGenerator<JournalPart> {
  const reader = new TurnReader();
  const files = await segmentsAt(path);
  for (const [i, file] of files.entries()) {
    const text = await reading(path, () => readFile(file, 'utf8'));
    const lines = text.split('\n');
    // Behind the last newline is nothing, or what the process had no time to write.
    const tail = lines.pop();
    const isIncomplete = parseSegmentFile(basename(file))?.incomplete === true;
    if (tail !== '' && i < files.length - 1 && !isIncomplete) {
      throw new UnreadableJournal(`${basename(file)} ends within a line`);
    }
    for (const [row, line] of lines.entries()) yield* reader.read(line, { file: basename(file), line: row + 1 });
  }
  yield* reader.end();
}

/**
 * What came in, in its order, each with what was decided on it. Answers are whole: a `duties` answer has the columns of
 * every duty, where its `duties-fetched` line names 64.
 *
 * @param path a data directory, or one segment of its journal
 * @throws UnreadableJournal for what is neither, and for a line that cannot be read
 */
export async function* readInputs(path: string): AsyncGenerator<RecordedTurn> {
  for await (const part of readJournalParts(path)) if (part.part === 'turn') yield part.turn;
}

async function segmentsAt(path: string): Promise<string[]> {
  const isFolder = (await reading(path, () => stat(path))).isDirectory();
  if (!isFolder) {
    if (parseSegmentFile(basename(path)) === undefined) {
      throw new UnreadableJournal(`${path} is no segment of a journal; those are named journal-<slot>.jsonl`);
    }
    return [join(dirname(path), basename(path))];
  }
  const { names } = await reading(path, () => listSegments(path));
  if (names.length === 0) throw new UnreadableJournal(`${path} holds no journal`);
  return names.map((name) => join(path, segmentFile(name)));
}

async function reading<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new UnreadableJournal(`${path}: ${isMissing ? 'there is no such file or folder' : reasonOf(error)}`);
  }
}
