import type { Root, Slot } from './chain-time.js';

/**
 * The loop guard of a table (SPEC §5): a node whose answers never match its heads must not be stormed.
 *
 * A dispute is a pair: the root the heads require, and the one the answer carries. The same pair leads to one refetch a
 * slot at most. It is settled for good when the refetch brings identical duties under a root that no head ever
 * confirmed: a healthy Lodestar does that in an epoch's last slot. Identical duties under a root that *was* right before
 * are what a node says that lags behind its own heads: that pair stays open.
 */
export interface RootDisputes {
  mayRefetch(required: Root, received: Root | null, slot: Slot): boolean;
  /** Whether the pair led to a refetch before. */
  isKnown(required: Root, received: Root | null): boolean;
  /** A refetch for this pair begins in `slot`. */
  refetching(required: Root, received: Root | null, slot: Slot): RootDisputes;
  settle(required: Root, received: Root | null): RootDisputes;
  /** A head named the root that the table carries. */
  confirm(root: Root): RootDisputes;
}

/** A pair that led to a refetch. */
export interface DisputedPair {
  readonly required: Root;
  readonly received: Root | null;
  /** `Infinity`: settled. */
  readonly lastSlot: Slot;
}

/** The disputes of a table, as data. */
export class Disputes implements RootDisputes {
  constructor(
    readonly pairs: readonly DisputedPair[],
    readonly confirmed: Root | undefined,
  ) {}

  mayRefetch(required: Root, received: Root | null, slot: Slot): boolean {
    return !this.pairs.some(
      (pair) => pair.required === required && pair.received === received && pair.lastSlot >= slot,
    );
  }

  isKnown(required: Root, received: Root | null): boolean {
    return this.pairs.some((pair) => pair.required === required && pair.received === received);
  }

  refetching(required: Root, received: Root | null, slot: Slot): RootDisputes {
    return this.#with(required, received, slot);
  }

  settle(required: Root, received: Root | null): RootDisputes {
    return received === this.confirmed ? this : this.#with(required, received, Infinity);
  }

  confirm(root: Root): RootDisputes {
    return root === this.confirmed ? this : new Disputes(this.pairs, root);
  }

  #with(required: Root, received: Root | null, lastSlot: Slot): RootDisputes {
    const others = this.pairs.filter((pair) => pair.required !== required || pair.received !== received);
    // Few pairs are ever open at once; the oldest goes.
    return new Disputes([...others.slice(-15), { required, received, lastSlot }], this.confirmed);
  }
}

export const NO_ROOT_DISPUTES: RootDisputes = new Disputes([], undefined);
