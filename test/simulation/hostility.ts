/** What goes wrong when: decided slot by slot from the seed alone, so that a shorter run is the beginning of a longer one. */
import type { Slot } from '../../machines/rules/chain-time.js';
import type { SyncStatus } from '../../machines/ports.js';
import { RandomStream } from '../../src/devnet/deterministic-random.js';
import type { NodeMethod } from '../../src/devnet/index.js';
import { SLOTS_PER_EPOCH, type SimulationOptions } from './options.js';

/** Something that goes wrong. Lengths count in slots. */
export type Trouble =
  | { readonly kind: 'reorg'; readonly depth: number; readonly replay: boolean; readonly emptyShare: number }
  | { readonly kind: 'fill-empty-slot'; readonly replay: boolean }
  | {
      readonly kind: 'requests';
      readonly how: 'fail' | 'hang' | 'delay';
      readonly method: NodeMethod;
      readonly times: number;
    }
  | { readonly kind: 'drop-streams' }
  | { readonly kind: 'silence-streams' }
  | { readonly kind: 'slow-network'; readonly latencyMs: number; readonly slots: number }
  | { readonly kind: 'unfit'; readonly status: Partial<SyncStatus>; readonly slots: number }
  | { readonly kind: 'unreachable'; readonly slots: number }
  | { readonly kind: 'no-proposer-v2'; readonly slots: number }
  | { readonly kind: 'clock-jump'; readonly slots: number }
  | { readonly kind: 'restart'; readonly slots: number }
  | { readonly kind: 'validators'; readonly change: ValidatorTrouble };

export type ValidatorTrouble = 'remove' | 'add' | 'liquidate' | 'reactivate' | 'deposit' | 'exit' | 'slash';

export interface PlannedTrouble {
  /** Ms into the slot. */
  readonly offsetMs: number;
  readonly trouble: Trouble;
}

/** Whatever the scheduler asks of a node. */
export const METHODS: readonly NodeMethod[] = [
  'getChainSpec',
  'getSyncStatus',
  'getValidators',
  'getAttesterDuties',
  'getProposerDuties',
  'getSyncCommitteeDuties',
  'getAttestationData',
  'getHeadRoot',
  'subscribeBeaconCommittees',
  'subscribeSyncCommittees',
  'openHeadStream',
];
const VALIDATOR_TROUBLES: readonly ValidatorTrouble[] = [
  'remove',
  'add',
  'liquidate',
  'reactivate',
  'deposit',
  'exit',
  'slash',
];
const UNFIT: readonly Partial<SyncStatus>[] = [
  { isSyncing: true, syncDistance: 5 },
  { isSyncing: true, syncDistance: 40 },
  // Within what is tolerated.
  { isSyncing: true, syncDistance: 3 },
  { isOptimistic: true },
  { elOffline: true },
];

type Maker = (random: RandomStream) => Trouble;

function pick<T>(random: RandomStream, from: readonly T[]): T {
  return from[random.below(from.length)]!;
}

/** Kinds of trouble, each as often as its weight. */
const MAKERS: readonly (readonly [weight: number, make: Maker])[] = [
  [
    8,
    (random) => ({
      kind: 'requests',
      how: pick(random, ['fail', 'hang', 'delay']),
      method: pick(random, METHODS),
      times: 1 + random.below(6),
    }),
  ],
  [1, () => ({ kind: 'drop-streams' })],
  [1, () => ({ kind: 'silence-streams' })],
  [1, (random) => ({ kind: 'slow-network', latencyMs: 100 + random.below(1500), slots: 1 + random.below(4) })],
  [2, (random) => ({ kind: 'unfit', status: pick(random, UNFIT), slots: 1 + random.below(2 * SLOTS_PER_EPOCH) })],
  [1, (random) => ({ kind: 'unreachable', slots: 1 + random.below(SLOTS_PER_EPOCH) })],
  [1, (random) => ({ kind: 'no-proposer-v2', slots: 1 + random.below(3 * SLOTS_PER_EPOCH) })],
  [1, (random) => ({ kind: 'clock-jump', slots: pick(random, [-1.3, -0.2, 0.01, 0.4, 1, 2.7, 6, 20]) })],
  [1, (random) => ({ kind: 'restart', slots: random.fraction() < 0.5 ? 0 : random.fraction() * 4 })],
  [6, (random) => ({ kind: 'validators', change: pick(random, VALIDATOR_TROUBLES) })],
];
const TOTAL_WEIGHT = MAKERS.reduce((sum, [weight]) => sum + weight, 0);

/** Epochs differ: some are quiet, so that what must work in peace is seen; in some everything comes together. */
function weatherOf({ seed }: SimulationOptions, slot: Slot): number {
  const lot = new RandomStream(seed, 'weather', Math.floor(slot / SLOTS_PER_EPOCH)).fraction();
  if (lot < 0.3) return 0.2;
  return lot < 0.85 ? 1 : 6;
}

/** The troubles of a slot, in the order in which they come. */
export function troublesOf(options: SimulationOptions, slot: Slot, slotDurationMs: number): PlannedTrouble[] {
  const random = new RandomStream(options.seed, 'trouble', slot);
  const weather = weatherOf(options, slot);
  const planned: PlannedTrouble[] = [];
  const at = () => Math.floor(random.fraction() * slotDurationMs);
  if (random.fraction() < options.reorgs * weather) {
    const depth = 1 + random.below(random.fraction() < 0.5 ? 3 : 2 * SLOTS_PER_EPOCH);
    const emptyShare = random.fraction() < 0.5 ? 0 : 0.3;
    const fills = random.fraction() < 0.2;
    const replay = random.fraction() < 0.5;
    const trouble: Trouble = fills ? { kind: 'fill-empty-slot', replay } : { kind: 'reorg', depth, replay, emptyShare };
    planned.push({ offsetMs: at(), trouble });
  }
  while (random.fraction() < Math.min(0.6, options.faults * weather)) {
    let lot = random.below(TOTAL_WEIGHT);
    const [, make] = MAKERS.find(([weight]) => (lot -= weight) < 0)!;
    planned.push({ offsetMs: at(), trouble: make(random) });
  }
  return planned.sort((a, b) => a.offsetMs - b.offsetMs);
}
