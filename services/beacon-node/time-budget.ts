/** Mainnet's slot time, assumed until the node has told its own. */
const ASSUMED_SLOT_MS = 12_000;
/** For whatever is asked before the slot time is known. */
const UNKNOWN_SLOT_BUDGET_MS = 10_000;

/** How long one request may take, in ms, by what it asks for. */
export interface TimeBudgets {
  /** Attestation data, head root: signed over within the slot. */
  readonly data: number;
  readonly duties: number;
  readonly subscriptions: number;
  readonly syncStatus: number;
  readonly other: number;
}

/**
 * Time budgets for a slot time in ms (undefined: not yet known). Duties may take a whole slot, but only a quarter of
 * one where another node can be asked in its stead.
 */
export function timeBudgets(slotMs: number | undefined, anotherNodeCanBeAsked: boolean): TimeBudgets {
  const slot = slotMs ?? ASSUMED_SLOT_MS;
  return {
    data: Math.min(2000, slot / 6),
    duties: anotherNodeCanBeAsked ? slot / 4 : slot,
    subscriptions: Math.max(500, slot / 24),
    syncStatus: Math.min(2000, slot / 2),
    other: slotMs ?? UNKNOWN_SLOT_BUDGET_MS,
  };
}
