/** What a role decides on each event: the steps of its parts, put together. Pure; the machine carries the commands out. */
import { epochOf } from '../rules/chain-time.js';
import { rootChanges } from '../rules/dependent-roots.js';
import type { ExecutionRecord, Step } from './role-context.js';
import { decided, inOrder, type RoleEvent } from './role-context.js';
import { armSlot, forgetExecution, markTriggered, tellExecutions } from './execution-steps.js';
import {
  distrustAll,
  distrustNextCommittee,
  forgetVersions,
  noteRetry,
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
      slot > previous + 1 ? tellExecutions({ type: 'SLOTS_SKIPPED' }) : decided,
      armSlot(previous),
      reconcile('tick'),
      epochStarts && slot >= 0 ? subscribeAll('epoch-start') : decided,
    )(ticked);
  };
}

/** A node has a new head: it may trigger the duties of its slot, and it names the roots that tables must carry. */
export function onHead({ head, at }: EventOf<'HEAD'>): Step {
  return (context) => {
    const { chain, roots } = context;
    const steps: Step[] = [];
    const isFirstOfSlot = head.slot >= context.slot && !context.heads.some((seen) => seen.slot === head.slot);
    // An optimistic head is nothing to vote for.
    if (isFirstOfSlot && !head.executionOptimistic) {
      const seen = { slot: head.slot, block: head.block, at };
      context = { ...context, heads: [...context.heads, seen] };
      const waitsForIt = (execution: ExecutionRecord) => execution.slot === head.slot && !execution.triggered;
      // Faster than our own tick, it counts when the tick arms the slot.
      if (head.slot === context.slot) steps.push(tellExecutions({ type: 'HEAD', head: seen }, waitsForIt));
    }
    const sameEpoch = roots !== undefined && epochOf(chain, roots.slot) === epochOf(chain, head.slot);
    steps.push(observeRoots(head));
    if (sameEpoch && rootChanges(chain, roots, head).currentDependentRootChanged) steps.push(distrustNextCommittee);
    return inOrder(...steps)(context);
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

/** The node came back: what it was told it may have forgotten, and what it said may be old. */
export const onReconnected: Step = inOrder(
  forgetVersions,
  distrustAll,
  reconcile('reconnect'),
  subscribeAll('reconnect'),
);

export { forgetExecution, markTriggered, noteRetry, takeAnswer, takeFailure, takeRegistry };
