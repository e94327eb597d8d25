import type { SeededRandom } from './seeded-random.js';

/**
 * Gives an input to a parser. Returns how many things it took (rows, bytes, events; never more than the input has
 * bytes), undefined where it refused the input with the error that it is declared to refuse with. Throws for anything else.
 */
export type Feed = (input: Buffer, random: SeededRandom) => number | undefined | Promise<number | undefined>;

/** A parser of foreign bytes. */
export interface FuzzTarget {
  readonly name: string;
  /** What it should get. */
  samples(): readonly (string | Buffer)[] | Promise<readonly (string | Buffer)[]>;
  /** Begins; `close` lets go of what it needs. */
  open(): Promise<{ readonly feed: Feed; close?(): Promise<void> }>;
}

/** What a parser did that it must not do. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/** Throws a {@link Violation} unless something holds. */
export function mustHold(holds: boolean, what: () => string): asserts holds {
  if (!holds) throw new Violation(what());
}

/** Runs a parser that refuses with errors of some classes; undefined where it did. */
export function unlessRefused<T>(refusals: readonly (new (...args: never[]) => Error)[], read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (refusals.some((refusal) => error instanceof refusal)) return undefined;
    throw error;
  }
}
