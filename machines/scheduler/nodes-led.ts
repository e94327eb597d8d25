/** How the scheduler sees its beacon nodes, and which of them leads. */
import { epochOf, slotAt } from '../rules/chain-time.js';
import type { ObservedRoots } from '../rules/dependent-roots.js';
import type { DeferralReason } from '../rules/event-log.js';
import { afterStatus, NODE_NOT_MET, rankNodes, type NodeNumber, type NodeStanding } from '../rules/node-choice.js';
import type { SchedulerContext, SchedulerInput } from './scheduler-context.js';

/** Members are trusted until their first status says otherwise; the one preferred leads. */
export function standingsAtStart({
  chain,
  clock,
  nodes,
}: SchedulerInput): Pick<SchedulerContext, 'standings' | 'leader'> {
  const slot = slotAt(chain, clock.now());
  const standings = nodes.map(({ at }) => (at === 'member' ? memberSince(slot) : NODE_NOT_MET));
  return { standings, leader: rankNodes(standings, undefined, { slot, epoch: epochOf(chain, slot) })[0] ?? 0 };
}

function memberSince(goodSince: number): NodeStanding {
  return { joined: true, unfit: undefined, silences: 0, goodSince, inconsistentIn: undefined };
}

/** A node has joined that was absent at the start. */
export function afterJoining(context: SchedulerContext, node: NodeNumber): Partial<SchedulerContext> {
  return withStanding(context, node, () => memberSince(context.slot));
}

/** A status request of a node has ended. */
export function afterNodeStatus(
  context: SchedulerContext,
  { node, ...status }: { node: NodeNumber; answered: boolean; unfit: DeferralReason | undefined },
): Partial<SchedulerContext> {
  return withStanding(context, node, (standing) => afterStatus(standing, { slot: context.slot, ...status }));
}

/** The leader's answers do not match its heads. */
export function afterInconsistency(context: SchedulerContext): Partial<SchedulerContext> {
  const inconsistentIn = epochOf(context.chain, context.slot);
  return withStanding(context, context.leader, (standing) => ({ ...standing, inconsistentIn, goodSince: undefined }));
}

function withStanding(
  { standings }: SchedulerContext,
  node: NodeNumber,
  change: (standing: NodeStanding) => NodeStanding,
): Partial<SchedulerContext> {
  return { standings: standings.map((standing, number) => (number === node ? change(standing) : standing)) };
}

/** Members, the one to be asked first in front. */
export function membersInOrder({ chain, standings, leader, slot }: SchedulerContext): NodeNumber[] {
  const order = rankNodes(standings, leader, { slot, epoch: epochOf(chain, slot) });
  return order.filter((node) => standings[node]!.joined);
}

/** A new leader's own last head is what its next one is compared with. */
export function afterSwitch({ lastHeads }: SchedulerContext, leader: NodeNumber): Partial<SchedulerContext> {
  return { leader, lastRoots: lastHeads.get(leader) };
}

/** The leader's: whether duties may be executed now. */
export function unfitNow({ standings, leader }: SchedulerContext): DeferralReason | undefined {
  return standings[leader]?.unfit;
}

/** A head of a node that does not lead: kept for the day it does. */
export function afterOtherHead(
  { lastHeads }: SchedulerContext,
  node: NodeNumber,
  head: ObservedRoots,
): Partial<SchedulerContext> {
  return { lastHeads: new Map(lastHeads).set(node, head) };
}
