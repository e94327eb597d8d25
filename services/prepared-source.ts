import type { Clock, Random, ValidatorSource } from '../machines/ports.js';
import type { ChainSpec } from '../machines/rules/chain-time.js';
import type { Diagnostic } from '../machines/rules/event-log.js';
import type { StateStore } from './data-directory/state-store.js';

/** What a validator source gets of the scheduler that it works for. */
export interface SourceSurroundings {
  readonly chain: ChainSpec;
  readonly clock: Clock;
  readonly random: Random;
  readonly diagnose: (diagnostic: Diagnostic) => void;
  /** The data directory, which is locked for this process; undefined: nothing outlives the process. */
  readonly storage: { readonly path: string; readonly state: StateStore } | undefined;
}

/** Whether a source hears of changes now. What it has told stays valid while it does not. */
export interface SourceHealth {
  readonly ok: boolean;
  /** For people: how far it is, or what is wrong. */
  readonly detail: string;
}

/** A validator source that needs more than to be run. */
export interface PreparedValidatorSource extends ValidatorSource {
  /** As it is now. */
  readonly health: SourceHealth;
  /**
   * Comes once, before `run`. Rejects with a `ConfigurationError` for what waiting will not help, and in whatever way
   * when the signal fires.
   */
  prepare(surroundings: SourceSurroundings, signal: AbortSignal): Promise<void>;
  /** Resolves when nothing of it is under way any more; comes after the end of `run`, before storage is closed. */
  close(): Promise<void>;
}

export function needsPreparation(source: ValidatorSource): source is PreparedValidatorSource {
  return 'prepare' in source && 'close' in source;
}
