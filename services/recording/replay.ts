import { isDeepStrictEqual } from 'node:util';
import type { Claim } from '../../machines/rules/at-most-once.js';
import type { Slot } from '../../machines/rules/chain-time.js';
import type { Beginning } from '../entrance/input.js';
import { readBeginning } from './beginning.js';
import { STATE_VERSION } from './machine-state.js';
import { ReplayEntrance, Unexpected } from './replay-entrance.js';
import { ReplayedScheduler, type Rules, type WorldBehind } from './replayed-scheduler.js';
import {
  placeName,
  UnreadableJournal,
  withoutTimes,
  type DecisionLine,
  type JournalPart,
  type Place,
  type RecordedTurn,
} from './turns.js';
import { fromJson } from './values.js';
import { messageOf } from '../../machines/rules/message-of.js';

/** Inputs that are shown before a difference. */
const INPUTS_SHOWN = 8;

/** The first decision that is not the same. */
export interface Difference {
  readonly turn: RecordedTurn;
  /** Undefined: nothing more was decided in this turn. */
  readonly recorded: DecisionLine | undefined;
  readonly replayed: DecisionLine | undefined;
  /** Where the machines had no use for the input: why. */
  readonly unexpected: string | undefined;
  /** The last inputs, the one of this turn included. */
  readonly inputs: readonly RecordedTurn[];
}

export interface ReplayResult {
  readonly difference: Difference | undefined;
  /** Starts of the process. */
  readonly starts: number;
  readonly turns: number;
  /** Decisions that were the same. */
  readonly decisions: number;
  readonly slots: { readonly first: Slot; readonly last: Slot } | undefined;
  /** Of the last turn. */
  readonly place: Place | undefined;
  /** Spans that could not be replayed, in words. */
  readonly gaps: readonly string[];
  /** The machines as they are now; undefined where nothing was replayed. */
  readonly scheduler: ReplayedScheduler | undefined;
}

export interface ReplayOptions {
  readonly rules?: Rules;
  /** Stops before the first turn of a later slot. */
  readonly until?: Slot;
  /** What is behind the recording, for machines that leave it. */
  readonly world?: (beginning: Beginning) => WorldBehind;
}

/** Replays what it is given, part by part, up to the first difference. */
export class Replay {
  readonly #options: ReplayOptions;
  readonly #gaps: string[] = [];
  #held: readonly Claim[] = [];
  #scheduler: ReplayedScheduler | undefined;
  #ended = false;
  #difference: Difference | undefined;
  #starts = 0;
  #turns = 0;
  #decisions = 0;
  #slots: { first: Slot; last: Slot } | undefined;
  readonly #last: RecordedTurn[] = [];
  /** What the last turn led to beyond what was recorded; that is a difference, unless the process died in it. */
  #surplus: { readonly turn: RecordedTurn; readonly replayed: DecisionLine } | undefined;

  constructor(options: ReplayOptions = {}) {
    this.#options = options;
  }

  /** True when there is nothing more to do: a difference was found, or the last slot has been reached. */
  get isOver(): boolean {
    return this.#ended || this.#difference !== undefined;
  }

  take(part: JournalPart): void {
    if (this.isOver) return;
    switch (part.part) {
      case 'segment':
        this.#held = part.claims;
        if (part.opened.lostLines > 0)
          this.#lose(`${part.opened.lostLines} lines before slot ${part.opened.slot} are lost`);
        return;
      case 'state':
        // Machines that are alive have come to it by themselves.
        if (this.#scheduler === undefined) this.#resume(part.fields, part.place);
        return;
      case 'turn':
        return this.#takeTurn(part.turn);
    }
  }

  result(): ReplayResult {
    return {
      difference: this.#difference,
      starts: this.#starts,
      turns: this.#turns,
      decisions: this.#decisions,
      slots: this.#slots,
      place: this.#last.at(-1)?.place,
      gaps: this.#gaps,
      scheduler: this.#scheduler,
    };
  }

  /** What follows cannot be reached from the machines as they are. */
  #lose(why: string): void {
    if (this.#scheduler !== undefined) this.#gaps.push(why);
    this.#scheduler = undefined;
    this.#surplus = undefined;
  }

  #resume(fields: Readonly<Record<string, unknown>>, place: Place): void {
    const { version, time } = fields;
    if (version !== STATE_VERSION) {
      throw new UnreadableJournal(`${placeName(place)}: a state of the unknown version ${String(version)}`);
    }
    try {
      const beginning = readBeginning(fromJson(fields['beginning']));
      const scheduler = this.#begin(beginning);
      scheduler.restore(fields, time as number);
      this.#scheduler = scheduler;
    } catch (error) {
      throw cannotBeReplayed(place, error);
    }
  }

  #begin(beginning: Beginning): ReplayedScheduler {
    const { rules = {}, world } = this.#options;
    return new ReplayedScheduler(new ReplayEntrance(), beginning, this.#held, rules, world?.(beginning));
  }

  #takeTurn(turn: RecordedTurn): void {
    const { input, slot } = turn;
    if (this.#options.until !== undefined && slot > this.#options.until) {
      this.#ended = true;
      return;
    }
    if (input.of === 'start') {
      this.#surplus = undefined;
      this.#starts++;
      try {
        this.#scheduler = this.#begin(input.beginning);
      } catch (error) {
        throw cannotBeReplayed(turn.place, error);
      }
    }
    if (this.#surplus !== undefined) {
      const { turn: before, replayed } = this.#surplus;
      return this.#differ(before, undefined, replayed);
    }
    const scheduler = this.#scheduler;
    if (scheduler === undefined) return;
    if (input.of === 'lost') return this.#lose(`an input in slot ${slot} was not written down`);
    this.#turns++;
    this.#slots = { first: this.#slots?.first ?? slot, last: slot };
    this.#last.push(turn);
    if (this.#last.length > INPUTS_SHOWN) this.#last.shift();
    let decided: DecisionLine[];
    try {
      decided = scheduler.take(turn);
    } catch (error) {
      if (error instanceof Unexpected) return this.#differ(turn, undefined, undefined, error.message);
      throw cannotBeReplayed(turn.place, error);
    }
    this.#compare(turn, decided);
  }

  #compare(turn: RecordedTurn, decided: readonly DecisionLine[]): void {
    for (const [i, line] of turn.decisions.entries()) {
      const recorded = withoutTimes(line);
      const replayed = decided[i];
      if (!isDeepStrictEqual(recorded, replayed)) return this.#differ(turn, recorded, replayed);
      this.#decisions++;
    }
    const surplus = decided[turn.decisions.length];
    if (surplus !== undefined) this.#surplus = { turn, replayed: surplus };
  }

  #differ(
    turn: RecordedTurn,
    recorded: DecisionLine | undefined,
    replayed: DecisionLine | undefined,
    unexpected?: string,
  ): void {
    this.#difference = { turn, recorded, replayed, unexpected, inputs: [...this.#last] };
  }
}

/** A line that has the form of a journal's, and says what no process wrote. */
function cannotBeReplayed(place: Place, error: unknown): UnreadableJournal {
  return new UnreadableJournal(`${placeName(place)} cannot be replayed: ${messageOf(error)}`);
}
