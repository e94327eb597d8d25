/** A journal on the disk, read and never written. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { messageOf } from '../../machines/rules/message-of.js';
import { reasonOf } from '../data-directory/reason.js';
import { listSegments, parseSegmentFile, segmentFile } from '../data-directory/segments.js';
import { placeName, TurnReader, UnreadableJournal, type JournalPart, type RecordedTurn } from './turns.js';

/** What to do about what is missing in a journal. What throws ends the reading. */
export interface GapPolicy {
  /** Of a line that cannot be read. */
  onUnreadable(file: string, error: UnreadableJournal): void;
  /** Of a segment that is not there any more: a running process removes what is old. */
  onGone(file: string, error: UnreadableJournal): void;
}

/** A replay of a part would be that of another run. */
const REFUSE_GAPS: GapPolicy = {
  onUnreadable: (_, error) => {
    throw error;
  },
  onGone: (_, error) => {
    throw error;
  },
};

/** Characters read at a time. */
const READ_AT_ONCE = 1 << 20;

/**
 * The parts of a journal in their order, that of a running process too: the line that is being written is left out.
 *
 * @param path a data directory, or one segment of its journal
 * @param gaps what to do about what is missing; default: refuse it
 * @throws UnreadableJournal for what is neither, beginning with `path`, and for gaps that are refused
 */
export async function* readJournalParts(path: string, gaps: GapPolicy = REFUSE_GAPS): AsyncGenerator<JournalPart> {
  const reader = new TurnReader();
  const segments = await segmentsAt(path);
  for (const segment of segments) {
    const file = basename(segment);
    try {
      // Behind the last newline is nothing, or what the process had no time to write.
      const mayEndWithinLine = segment === segments.at(-1) || parseSegmentFile(file)?.incomplete === true;
      yield* partsOf(segment, reader, mayEndWithinLine, gaps);
    } catch (error) {
      if (!isMissing(error)) throw error instanceof UnreadableJournal ? error : unreadable(segment, error);
      gaps.onGone(file, unreadable(segment, error));
    }
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

async function* partsOf(
  segment: string,
  reader: TurnReader,
  mayEndWithinLine: boolean,
  gaps: GapPolicy,
): AsyncGenerator<JournalPart> {
  const file = basename(segment);
  let line = 0;
  for await (const { text, isComplete } of linesOf(segment)) {
    line++;
    if (!isComplete) {
      if (!mayEndWithinLine) gaps.onUnreadable(file, new UnreadableJournal(`${placeName({ file, line })} has no end`));
      return;
    }
    let parts: JournalPart[];
    try {
      parts = reader.read(text, { file, line });
    } catch (error) {
      // Whatever else is thrown, the line lacks what its type has.
      const what = `${placeName({ file, line })} cannot be read: ${messageOf(error)}`;
      gaps.onUnreadable(file, error instanceof UnreadableJournal ? error : new UnreadableJournal(what));
      continue;
    }
    yield* parts;
  }
}

/** Lines of a file; one that has no newline yet is not complete. */
async function* linesOf(path: string): AsyncGenerator<{ readonly text: string; readonly isComplete: boolean }> {
  let begun: string[] = [];
  for await (const chunk of createReadStream(path, { encoding: 'utf8', highWaterMark: READ_AT_ONCE })) {
    const text = chunk as string;
    let from = 0;
    for (let to = text.indexOf('\n'); to >= 0; to = text.indexOf('\n', from)) {
      begun.push(text.slice(from, to));
      yield { text: begun.join(''), isComplete: true };
      begun = [];
      from = to + 1;
    }
    if (from < text.length) begun.push(text.slice(from));
  }
  if (begun.length > 0) yield { text: begun.join(''), isComplete: false };
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
  if (names.length === 0) throw new UnreadableJournal(`${path}: there is no journal in it`);
  return names.map((name) => join(path, segmentFile(name)));
}

async function reading<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): UnreadableJournal {
  return new UnreadableJournal(`${path}: ${isMissing(error) ? 'there is no such file or folder' : reasonOf(error)}`);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
