/** What a role decides on each event: the steps of its parts, put together. Pure; the machine carries the commands out. */
import { epochOf, slotAt } from '../rules/chain-time.js';
import type { NodeNumber } from '../rules/node-choice.js';
import type { ExecutionRecord, Step } from './role-context.js';
import { decided, inOrder, type RoleEvent } from './role-context.js';
import { armSlot, forgetExecution, markHandedOver, markTriggered, tellExecutions } from './execution-steps.js';
import {
  distrustAll,
  forgetVersions,
  noteRetry,
  observeCurrentRoot,
  observeRoots,
  pruneTables,
  reconcile,
  takeAnswer,
  takeFailure,
  takeRegistry,
} from './fetch-steps.js';
import { subscribeAll } from './subscription-steps.js';

type EventOf<T extends RoleEvent['type']> = RoleEvent & { type: T };

/** A slot starts. Ticks never go back; one that does is ignored. */
export function onTick({ slot }: EventOf<'TICK'>): Step {
  return (context) => {
    const previous = context.slot;
    if (slot < previous || (slot === previous && context.ticked)) return decided(context);
    const epochStarts = epochOf(context.chain, slot) > epochOf(context.chain, previous);
    const ticked = { ...context, ticked: true, slot, heads: context.heads.filter((head) => head.slot >= slot) };
    return inOrder(
      pruneTables,
      armSlot(previous),
      reconcile('tick'),
      epochStarts && slot >= 0 ? subscribeAll('epoch-start') : decided,
    )(ticked);
  };
}

/** Timers no longer wake when the wall clock says so: batches look at the clock again. */
export function onClockStepped(): Step {
  return tellExecutions({ type: 'CLOCK_STEPPED' });
}

/** A node has a new head: it may trigger the duties of its slot, and it names the roots that tables must carry. */
export function onHead(event: EventOf<'HEAD'>): Step {
  const { head } = event;
  // First what it says of the tables: duties that it proves wrong must not come due by it.
  return inOrder(observeRoots(head), observeCurrentRoot(head), triggerBy(event));
}

/** Another node may have the block first. */
export function onOtherHead(event: EventOf<'OTHER_HEAD'>): Step {
  return triggerBy(event);
}

/** The first head for a slot triggers its duties; one that is faster than our own tick counts when the tick arms them. */
function triggerBy({ node, head: told, at }: EventOf<'HEAD' | 'OTHER_HEAD'>): Step {
  const { slot, block, executionOptimistic } = told;
  return (context) => {
    const { chain, clock } = context;
    // What a node says of a far future is not worth keeping. By the clock: it may have been set, and the tick yet to come.
    const concerns = slot >= context.slot && slot <= slotAt(chain, clock.now()) + chain.slotsPerEpoch;
    // An optimistic head is nothing to vote for.
    if (!concerns || executionOptimistic || context.heads.some((seen) => seen.slot === slot)) return decided(context);
    const head = { slot, block, at, node };
    const waitsForIt = (execution: ExecutionRecord) => execution.slot === slot && !execution.triggered;
    return tellExecutions({ type: 'HEAD', head }, waitsForIt)({ ...context, heads: [...context.heads, head] });
  };
}

/** A probe names the roots. */
export function onRoots({ roots }: EventOf<'ROOTS'>): Step {
  return observeRoots(roots);
}

/** The node is to be trusted again, or no more. */
export function onFitness({ unfit }: EventOf<'NODE_FITNESS'>): Step {
  return (context) => inOrder(tellExecutions({ type: 'NODE_FITNESS', unfit }))({ ...context, unfit });
}

/**
 * A node came back, or has just come: what it was told it may have forgotten. If it is the one that leads, what it said
 * before, or what another one said, may be old.
 */
export function onReconnected({ node, leads }: EventOf<'RECONNECTED'>): Step {
  const resubscribe = subscribeAll('reconnect', [node]);
  return leads
    ? inOrder(meetNode(node), forgetVersions, distrustAll, reconcile('reconnect'), resubscribe)
    : inOrder(meetNode(node), resubscribe);
}

function meetNode(node: NodeNumber): Step {
  return (context) => {
    if (context.nodes.includes(node)) return decided(context);
    return decided({ ...context, nodes: [...context.nodes, node] }, { do: 'meet-node', node });
  };
}

export { forgetExecution, markHandedOver, markTriggered, noteRetry, takeAnswer, takeFailure, takeRegistry };
