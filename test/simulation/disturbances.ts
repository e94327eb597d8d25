/** When the world was not as a healthy node shows it: a duty near a disturbance is not demanded. */
interface Disturbance {
  readonly from: number;
  readonly to: number;
}

/** Spans of unix ms, and what the disturbance concerns. */
export class Disturbances {
  /** `all`: everything; a number: one validator; `reorg`: the tables. */
  readonly #spans = new Map<number | 'all' | 'reorg', Disturbance[]>();

  add(concerns: number | 'all' | 'reorg', from: number, to: number): void {
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
  touches(concerns: number | 'all' | 'reorg', from: number, to: number): boolean {
    return this.#spans.get(concerns)?.some((span) => span.from <= to && span.to >= from) ?? false;
  }

  forgetBefore(ms: number): void {
    for (const [concerns, spans] of this.#spans) {
      const left = spans.filter(({ to }) => to >= ms);
      if (left.length === 0) this.#spans.delete(concerns);
      else this.#spans.set(concerns, left);
    }
  }
}
