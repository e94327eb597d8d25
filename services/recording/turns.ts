import type { EventLine } from '../../machines/rules/event-log.js';
import type { Claim } from '../../machines/rules/at-most-once.js';
import { decodeLine, type OpenedLine } from '../data-directory/journal-lines.js';
import { InputReader, type RecordedInput } from './input-lines.js';
import { messageOf } from '../../machines/rules/message-of.js';

/** Something decided: a line of the event log, a claim, or a claim given back, as JSON holds it. */
export type DecisionLine = Readonly<Record<string, unknown>>;

/** Where a line stands. */
export interface Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** What came in, and what was decided on it. */
export interface RecordedTurn {
  readonly input: Exclude<RecordedInput, { readonly of: 'random' }>;
  /** Unix ms. */
  readonly time: number;
  readonly slot: number;
  readonly draws: readonly number[];
  readonly decisions: readonly DecisionLine[];
  readonly place: Place;
}

/** A part of a journal, as a replay needs it. */
export type JournalPart =
  | { readonly part: 'segment'; readonly opened: OpenedLine; readonly claims: readonly Claim[] }
  /** The machines as they were at the beginning of a segment. */
  | { readonly part: 'state'; readonly fields: Readonly<Record<string, unknown>>; readonly place: Place }
  | { readonly part: 'turn'; readonly turn: RecordedTurn };

/** A journal that cannot be replayed: a line or a file that is not what it should be. */
export class UnreadableJournal extends Error {
  override readonly name = 'UnreadableJournal';
}

interface OpenTurn {
  readonly input: Exclude<RecordedInput, { readonly of: 'random' }>;
  readonly time: number;
  readonly slot: number;
  readonly draws: number[];
  readonly decisions: DecisionLine[];
  readonly place: Place;
}

/** Puts lines together to turns. */
export class TurnReader {
  readonly #inputs = new InputReader();
  #segment: { readonly opened: OpenedLine; readonly claims: Claim[] } | undefined;
  #turn: OpenTurn | undefined;

  /** The parts that are complete with this line. Throws an {@link UnreadableJournal} for one that cannot be read. */
  read(text: string, place: Place): JournalPart[] {
    const entry = decodeLine(text);
    if (entry === undefined) throw new UnreadableJournal(`${placeName(place)} is no line of a journal`);
    switch (entry.type) {
      case 'unknown-version':
        throw new UnreadableJournal(
          `${placeName(place)} is of journal version ${entry.version}, which this program does not know`,
        );
      case 'journal-opened': {
        const parts = this.end();
        this.#inputs.beginSegment();
        this.#segment = { opened: entry, claims: [] };
        return parts;
      }
      case 'claim-held':
        this.#segment?.claims.push(entry.claim);
        return [];
      case 'journal-closed':
        return this.#endTurn();
      case 'claim':
      case 'claim-released': {
        const { kind: role, ...claim } = entry.claim;
        this.#turn?.decisions.push({ type: entry.type, role, ...claim });
        return [];
      }
      case 'other':
        return this.#other(entry.line, entry.time, entry.slot, place);
    }
  }

  /** The part that is complete because nothing follows. */
  end(): JournalPart[] {
    return [...this.#endSegmentHead(), ...this.#endTurn()];
  }

  #other(line: Readonly<Record<string, unknown>>, time: number, slot: number, place: Place): JournalPart[] {
    if (line['type'] === 'machine-state') {
      return [...this.#endTurn(), ...this.#endSegmentHead(), { part: 'state', fields: line, place }];
    }
    if (line['type'] !== 'input') {
      this.#turn?.decisions.push(line);
      return [];
    }
    const input = this.#inputAt(line, place);
    if (input.of === 'random') {
      this.#turn?.draws.push(input.value);
      return [];
    }
    const parts = [...this.#endSegmentHead(), ...this.#endTurn()];
    this.#turn = { input, time, slot, draws: [], decisions: [], place };
    return parts;
  }

  #inputAt(line: Readonly<Record<string, unknown>>, place: Place): RecordedInput {
    try {
      return this.#inputs.read(line);
    } catch (error) {
      const reason = messageOf(error);
      throw new UnreadableJournal(`${placeName(place)} cannot be replayed: ${reason}`);
    }
  }

  #endSegmentHead(): JournalPart[] {
    const segment = this.#segment;
    this.#segment = undefined;
    return segment === undefined ? [] : [{ part: 'segment', ...segment }];
  }

  #endTurn(): JournalPart[] {
    const turn = this.#turn;
    this.#turn = undefined;
    return turn === undefined ? [] : [{ part: 'turn', turn }];
  }
}

export function placeName({ file, line }: Place): string {
  return `${file}, line ${line}`;
}

/** A decision without its milliseconds: what was decided, and why. */
export function withoutTimes(line: EventLine | DecisionLine): DecisionLine {
  const decision: Record<string, unknown> = { ...line };
  for (const name of ['time', 'offsetMs', 'tookMs', 'retryInMs']) delete decision[name];
  return decision;
}
