/**
 * Which of several beacon nodes leads: duties, probe, the roots of heads and attestation data come from one and the same
 * node, so that two nodes that see the chain a little differently are not taken for a re-org.
 */
import type { Epoch, Slot } from './chain-time.js';
import type { DeferralReason } from './event-log.js';

/** A node by its place in the operator's order of preference, from 0. */
export type NodeNumber = number;

/** What counts when a node is chosen. */
export interface NodeStanding {
  /** It was met, and is on our chain. */
  readonly joined: boolean;
  /** Why what it says may not be acted on, if so. */
  readonly unfit: DeferralReason | undefined;
  /** Status requests in a row that it left without an answer. */
  readonly silences: number;
  /** First slot since which it has been fit and has answered; undefined while it is not. */
  readonly goodSince: Slot | undefined;
  /** Last epoch in which its answers did not match its own heads. */
  readonly inconsistentIn: Epoch | undefined;
}

export const NODE_NOT_MET: NodeStanding = {
  joined: false,
  unfit: 'node-unreachable',
  silences: 0,
  goodSince: undefined,
  inconsistentIn: undefined,
};

/** A node that accepts requests and answers none is left after so many: one may be slow by chance. */
const TOLERATED_SILENCES = 1;
/** A preferred node that was away leads again after this many good slots: one that comes and goes is worse than a steady one. */
const GOOD_SLOTS_BEFORE_RETURN = 8;

/** What a status request showed, taken into a node's standing. `answered` false: it timed out. */
export function afterStatus(
  standing: NodeStanding,
  { slot, answered, unfit }: { slot: Slot; answered: boolean; unfit: DeferralReason | undefined },
): NodeStanding {
  const silences = answered ? 0 : standing.silences + 1;
  const good = unfit === undefined && silences <= TOLERATED_SILENCES;
  return { ...standing, joined: true, unfit, silences, goodSince: good ? (standing.goodSince ?? slot) : undefined };
}

/**
 * The nodes in the order in which they are to be asked; the first one leads. The leader stays while it is good, until a
 * node that the operator prefers has been good for a while.
 */
export function rankNodes(
  standings: readonly NodeStanding[],
  leader: NodeNumber | undefined,
  { slot, epoch }: { slot: Slot; epoch: Epoch },
): NodeNumber[] {
  const rank = (number: NodeNumber): number => {
    const { joined, unfit, silences, goodSince, inconsistentIn } = standings[number]!;
    if (!joined) return 5;
    if (unfit === 'node-unreachable') return 4;
    if (unfit !== undefined) return 3;
    if (silences > TOLERATED_SILENCES) return 2;
    if (inconsistentIn === epoch) return 1;
    // Good now; away not long ago, it waits behind the one that leads.
    const settled = goodSince !== undefined && slot - goodSince >= GOOD_SLOTS_BEFORE_RETURN;
    return number === leader || settled || leader === undefined ? 0 : 0.5;
  };
  return standings.map((_, number) => number).sort((a, b) => rank(a) - rank(b) || a - b);
}
