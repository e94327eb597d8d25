import type { Hex } from './contract-types.js';
import type { Undo } from './registry-state.js';

/** What of a registry differs from its store: names only, the values are read when they are written. */
export interface UnsavedNames {
  readonly validators: ReadonlySet<Hex>;
  readonly clusters: ReadonlySet<Hex>;
  /** Block numbers of points of its history. */
  readonly points: ReadonlySet<number>;
}

/** Collects what changed since it was last taken. */
export class Unsaved {
  #validators = new Set<Hex>();
  #clusters = new Set<Hex>();
  #points = new Set<number>();

  /** Notes everything that an undo would change back. */
  changed({ validators, clusters }: Undo): void {
    for (const publicKey of validators.keys()) this.#validators.add(publicKey);
    for (const id of clusters.keys()) this.#clusters.add(id);
  }

  /** Notes points that came, went, or are not what they were. */
  pointsChanged(blocks: Iterable<{ readonly number: number }>): void {
    for (const { number } of blocks) this.#points.add(number);
  }

  /** All of it, to be written; whoever fails to write it gives it back. */
  take(): UnsavedNames {
    const taken = { validators: this.#validators, clusters: this.#clusters, points: this.#points };
    this.#validators = new Set();
    this.#clusters = new Set();
    this.#points = new Set();
    return taken;
  }

  giveBack({ validators, clusters, points }: UnsavedNames): void {
    for (const publicKey of validators) this.#validators.add(publicKey);
    for (const id of clusters) this.#clusters.add(id);
    for (const number of points) this.#points.add(number);
  }
}
