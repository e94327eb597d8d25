import { setImmediate } from 'node:timers/promises';

/**
 * Hands out turns of the event loop, so that large answers which arrive together are parsed one per turn and never
 * hold up a slot's work for longer than a single one takes.
 */
export class ParseTurns {
  #last: Promise<unknown> = Promise.resolve();

  /** Resolves when it is the caller's turn; the caller then parses at once. */
  next(): Promise<void> {
    const turn = this.#last.then(() => setImmediate());
    this.#last = turn;
    return turn;
  }
}
