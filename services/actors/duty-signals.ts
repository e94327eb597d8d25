import type { ValidatorIndex } from '../../machines/rules/duties.js';

/** Reason of a duty's AbortSignal. */
export type AbortReason = 'cancelled' | 'deadline-passed' | 'stopped';

/**
 * The AbortSignals of a batch's duties. One is made when somebody looks at it: making a hundred before the call
 * took half a millisecond, a sixth of the time from the head to the executor.
 */
export class DutySignals {
  readonly #controllers = new Map<ValidatorIndex, AbortController>();
  readonly #aborted = new Map<ValidatorIndex, AbortReason>();
  #over = false;

  /** The signal of a validator's duty; it has fired already where the duty was called off before anybody looked. */
  of(validator: ValidatorIndex): AbortSignal {
    let controller = this.#controllers.get(validator);
    if (controller === undefined) {
      controller = new AbortController();
      this.#controllers.set(validator, controller);
      const reason = this.#aborted.get(validator);
      if (reason !== undefined) controller.abort(reason);
    }
    return controller.signal;
  }

  /** Fires the signals, each once. */
  abort(validators: Iterable<ValidatorIndex>, reason: AbortReason): void {
    if (this.#over) return;
    for (const validator of validators) {
      if (this.#aborted.has(validator)) continue;
      this.#aborted.set(validator, reason);
      this.#controllers.get(validator)?.abort(reason);
    }
  }

  /** No signal fires any more. */
  end(): void {
    this.#over = true;
  }
}
