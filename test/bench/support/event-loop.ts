import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Meters how long one turn of the event loop lasts, in steps of 1 ms; the metering itself runs no JavaScript. */
export class EventLoopMeter {
  readonly #histogram = monitorEventLoopDelay({ resolution: 1 });

  begin(): void {
    this.#histogram.reset();
    this.#histogram.enable();
  }

  /** Ms of the longest turn since `begin`, at most 1 ms too much. */
  end(): number {
    this.#histogram.disable();
    return this.#histogram.max / 1e6;
  }
}
