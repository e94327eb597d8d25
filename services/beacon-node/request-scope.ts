import { setMaxListeners } from 'node:events';
import type { Clock } from '../../machines/ports.js';

/** How the errors of a request are made that is ended from this side. */
export interface ScopeErrors<E extends Error> {
  timedOut(endpoint: string, budgetMs: number): E;
  givenUp(endpoint: string): E;
}

/**
 * The life of one request: it ends when the caller gives up or when its time budget is used up, whichever comes
 * first. The budget runs on the injected clock (`AbortSignal.timeout` would not).
 */
export class RequestScope<E extends Error> {
  readonly #controller = new AbortController();
  readonly #release: () => void;
  #endedBy: E | undefined;

  constructor(endpoint: string, budgetMs: number, clock: Clock, callerSignal: AbortSignal, errors: ScopeErrors<E>) {
    // undici listens twice per request, for headers and for the body.
    setMaxListeners(0, this.#controller.signal);
    const timer = clock.setTimeout(() => this.#end(errors.timedOut(endpoint, budgetMs)), budgetMs);
    const giveUp = () => this.#end(errors.givenUp(endpoint));
    // Not AbortSignal.any: the caller's signal may live long, and dependent signals pile up on it.
    callerSignal.addEventListener('abort', giveUp, { once: true });
    this.#release = () => {
      clock.clearTimeout(timer);
      callerSignal.removeEventListener('abort', giveUp);
    };
    if (callerSignal.aborted) giveUp();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why the request was ended from this side; undefined while it was not. */
  get endedBy(): E | undefined {
    return this.#endedBy;
  }

  /** To be called when the request is over, so that no timer and no listener stays behind. */
  close(): void {
    this.#release();
  }

  #end(reason: E): void {
    if (this.#endedBy !== undefined) return;
    this.#endedBy = reason;
    this.#controller.abort(reason);
  }
}
