import type { ApiRequest, Json } from './beacon-api/request.js';

/**
 * What goes wrong with a request. `delayMs` alone: the right answer, late. `hang`: no answer, the connection stays.
 * `reset`: the connection breaks before an answer; `truncate`: in the middle of it.
 */
export type FaultAction =
  | { readonly delayMs?: number; readonly status: number; readonly body?: Json | string }
  | { readonly delayMs: number }
  | 'hang'
  | 'reset'
  | 'truncate';

/** Which requests go wrong, and how. */
export interface Fault {
  /** Against the path without the query. */
  readonly match: RegExp | ((request: ApiRequest) => boolean);
  /** How many requests go wrong before all is well again; without it, all until removed. */
  readonly times?: number;
  readonly action: FaultAction;
}

interface ActiveFault {
  readonly fault: Fault;
  left: number;
}

/** Faults on demand, asked in the order in which they were set. */
export class Faults {
  #active: ActiveFault[] = [];

  /** Adds a fault; the returned function removes it. */
  set(fault: Fault): () => void {
    const active = { fault, left: fault.times ?? Infinity };
    this.#active.push(active);
    return () => {
      this.#active = this.#active.filter((other) => other !== active);
    };
  }

  /** Removes all faults. */
  clear(): void {
    this.#active = [];
  }

  /** What goes wrong with this request; counts it. */
  take(request: ApiRequest): FaultAction | undefined {
    const hit = this.#active.find(({ fault: { match }, left }) => {
      if (left <= 0) return false;
      return match instanceof RegExp
        ? new RegExp(match.source, match.flags.replace(/[gy]/g, '')).test(request.path)
        : match(request);
    });
    if (hit === undefined) return undefined;
    hit.left -= 1;
    return hit.fault.action;
  }
}
