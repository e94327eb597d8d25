import type { Slot } from '../../machines/rules/chain-time.js';
import { RandomStream } from './deterministic-random.js';

/** What happens to the block of one slot. `arrival` counts in slots from the slot's start and may exceed 1. */
export type SlotPlan =
  | { readonly kind: 'missed' }
  | { readonly kind: 'block'; readonly arrival: number }
  /** A branch comes to light that lacks the head's last `depth` slots, and ends with a block of this slot. */
  | { readonly kind: 'reorg'; readonly arrival: number; readonly depth: number; readonly replay?: boolean };

/** How often blocks are not on time, as shares of all slots. */
export interface ScenarioOptions {
  readonly seed: number;
  /** Default 0.03. */
  readonly missedShare?: number;
  /** Default 0.07. */
  readonly lateShare?: number;
  /** A re-org that crosses an epoch boundary in one of so many epochs; default: none. */
  readonly reorgs?: { readonly everyEpochs: number; readonly slotsPerEpoch: number };
}

const ON_TIME = { from: 0.05, to: 0.25 };
const LATE = { from: 0.4, to: 0.9 };

/** Decides for each slot, from a seed, whether its block is on time, late or missed; a script overrides single slots. */
export class Scenario {
  readonly #seed: number;
  readonly #missedShare: number;
  readonly #lateShare: number;
  readonly #reorgs: ScenarioOptions['reorgs'];
  readonly #script = new Map<Slot, SlotPlan>();

  constructor({ seed, missedShare = 0.03, lateShare = 0.07, reorgs }: ScenarioOptions) {
    this.#seed = seed;
    this.#missedShare = missedShare;
    this.#lateShare = lateShare;
    this.#reorgs = reorgs;
  }

  /** Fixes the plan of a slot; it counts when the slot has not begun. */
  script(slot: Slot, plan: SlotPlan): this {
    this.#script.set(slot, plan);
    return this;
  }

  /** The plan of a slot: always the same for the same seed and script. */
  planFor(slot: Slot): SlotPlan {
    const scripted = this.#script.get(slot);
    if (scripted !== undefined) return scripted;
    const reorg = this.#reorgAt(slot);
    if (reorg !== undefined) return reorg;
    const random = new RandomStream(this.#seed, 'scenario', slot);
    const lot = random.fraction();
    if (lot < this.#missedShare) return { kind: 'missed' };
    const window = lot < this.#missedShare + this.#lateShare ? LATE : ON_TIME;
    return { kind: 'block', arrival: window.from + random.fraction() * (window.to - window.from) };
  }

  /** Deep enough to replace the last block of the epoch before, so that duties change with it; never into genesis. */
  #reorgAt(slot: Slot): SlotPlan | undefined {
    if (this.#reorgs === undefined) return undefined;
    const { everyEpochs, slotsPerEpoch } = this.#reorgs;
    const epoch = Math.floor(slot / slotsPerEpoch);
    if (epoch < 2 || epoch % everyEpochs !== everyEpochs - 1) return undefined;
    const random = new RandomStream(this.#seed, 'reorg', epoch);
    const position = 1 + random.below(Math.max(1, slotsPerEpoch - 2));
    if (slot - epoch * slotsPerEpoch !== position) return undefined;
    // Some reach the epoch before the last: then the duties of the running epoch change too.
    const reach = random.fraction() < 0.4 ? slotsPerEpoch : 0;
    const depth = Math.min(2 * slotsPerEpoch, position + 1 + reach + random.below(slotsPerEpoch - 1));
    const arrival = ON_TIME.from + random.fraction() * (ON_TIME.to - ON_TIME.from);
    return { kind: 'reorg', arrival, depth, replay: random.fraction() < 0.5 };
  }
}
