import { setMaxListeners } from 'node:events';
import type { BeaconNodeError, Clock } from '../../machines/ports.js';
import { abortedError, timeoutError } from './failures.js';

/**
 * The life of one request: it ends when the caller gives up or when its time budget is used up, whichever comes
 * first. The budget runs on the injected clock (`AbortSignal.timeout` would not).
 */
export class RequestScope {
  readonly #controller = new AbortController();
  readonly #release: () => void;
  #endedBy: BeaconNodeError | undefined;

  constructor(endpoint: string, budgetMs: number, clock: Clock, callerSignal: AbortSignal) {
    // undici listens twice per request, for headers and for the body.
    setMaxListeners(0, this.#controller.signal);
    const timer = clock.setTimeout(() => this.#end(timeoutError(endpoint, budgetMs)), budgetMs);
    const giveUp = () => this.#end(abortedError(endpoint));
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
  get endedBy(): BeaconNodeError | undefined {
    return this.#endedBy;
  }

  /** To be called when the request is over, so that no timer and no listener stays behind. */
  close(): void {
    this.#release();
  }

  #end(reason: BeaconNodeError): void {
    if (this.#endedBy !== undefined) return;
    this.#endedBy = reason;
    this.#controller.abort(reason);
  }
}
