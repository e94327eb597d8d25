/** When the world was not as a healthy node shows it: what is demanded near a disturbance depends on what it concerns. */
interface Disturbance {
  readonly from: number;
  readonly to: number;
}

export type Concern =
  /** Nobody knows what: nothing is certain. */
  | 'all'
  /** Heads changed their branch. */
  | 'reorg'
  /** The node says that it is not to be trusted, or nobody answers. */
  | 'unfit'
  /** The clock jumped, and timers sleep on. */
  | 'clock'
  /** Answers are slow. */
  | 'network'
  /** Requests for data of these kinds of duties failed. */
  | 'attester'
  | 'sync-committee'
  /** Nothing but what is asked of the node. */
  | 'requests'
  /** A validator came, changed or left. */
  | number;

/** Spans of unix ms, and what the disturbance concerns. */
export class Disturbances {
  readonly #spans = new Map<Concern, Disturbance[]>();

  add(concerns: Concern, from: number, to: number): void {
    const spans = this.#spans.get(concerns);
    if (spans === undefined) this.#spans.set(concerns, [{ from, to }]);
    else spans.push({ from, to });
  }

  /** The clock jumps ahead: what still lasts ends by a timer, and so later by that clock. */
  jump(now: number, ms: number): void {
    for (const [concerns, spans] of this.#spans) {
      this.#spans.set(
        concerns,
        spans.map(({ from, to }) => ({ from, to: to >= now ? to + Math.max(0, ms) : to })),
      );
    }
  }

  /** Whether one touches the span, both ends included. */
  touches(concerns: Concern, from: number, to: number): boolean {
    return this.#spans.get(concerns)?.some((span) => span.from <= to && span.to >= from) ?? false;
  }

  /** Whether one of any kind touches the span. */
  anyTouches(from: number, to: number): boolean {
    for (const concerns of this.#spans.keys()) if (this.touches(concerns, from, to)) return true;
    return false;
  }

  forgetBefore(ms: number): void {
    for (const [concerns, spans] of this.#spans) {
      if (spans.every(({ to }) => to >= ms)) continue;
      const left = spans.filter(({ to }) => to >= ms);
      if (left.length === 0) this.#spans.delete(concerns);
      else this.#spans.set(concerns, left);
    }
  }
}
