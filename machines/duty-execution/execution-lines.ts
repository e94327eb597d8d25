/** What a batch reports. */
import { slotStartMs } from '../rules/chain-time.js';
import {
  cancelledLine,
  deferredLine,
  dueLine,
  executedLine,
  failedLine,
  skippedLines,
  validatorsOf,
} from '../rules/duty-lines.js';
import type { Report, SkipReason } from '../rules/event-log.js';
import {
  holdReason,
  vanishedDuties,
  type DutiesUpdate,
  type ExecutionContext,
  type HandOverOutcome,
} from './execution-context.js';

/** It came due: said once. */
export function dueLines(context: ExecutionContext): Report[] {
  return context.dueReported ? [] : [dueLine(context, context.duties, context.trigger, offsetMs(context))];
}

/** It waits, and for what: said anew where the reason is another. */
export function deferralLines(context: ExecutionContext): Report[] {
  const reason = holdReason(context);
  return reason === undefined || reason === context.deferredFor ? [] : [deferredLine(context, context.duties, reason)];
}

/** None of its duties is executed. */
export function skipLines(context: ExecutionContext, reason: SkipReason): Report[] {
  // Those called off have their line.
  return context.duties.length === 0 ? [] : skippedLines(context, new Map([[reason, validatorsOf(context.duties)]]));
}

/** Before a batch came due nobody was told of it: `duties-changed` says enough. */
export function vanishedLines(context: ExecutionContext, update: DutiesUpdate): Report[] {
  const vanished = vanishedDuties(context, update);
  const announced = context.dueReported || context.deferredFor !== undefined;
  return announced && vanished.length > 0 ? [cancelledLine(context, vanished, update.reason)] : [];
}

/** Who joins a batch that is held back is deferred as the others were. */
export function joinedLines(context: ExecutionContext, { duties, stale }: DutiesUpdate): Report[] {
  const reason = holdReason({ ...context, stale });
  if (context.deferredFor === undefined || context.dueReported || reason === undefined) return [];
  const known = new Set(validatorsOf(context.duties));
  const joined = duties.filter((duty) => !known.has(duty.validatorIndex));
  return joined.length === 0 ? [] : [deferredLine(context, joined, reason)];
}

/** None where every duty was called off: their lines have been written. */
export function givenUpLines(context: ExecutionContext): Report[] {
  if (context.duties.length === 0) return [];
  return [failedLine(context, validatorsOf(context.duties), 'the executor has not come back since the deadline')];
}

/** What the executor made of its duties. */
export function outcomeLines(context: ExecutionContext, { executed, failed, refused }: HandOverOutcome): Report[] {
  const lines: Report[] = [];
  const tookMs = context.clock.now() - context.handedOverAt;
  if (executed.length > 0) lines.push(executedLine(context, executed, offsetMs(context), tookMs));
  for (const [error, validators] of failed) lines.push(failedLine(context, validators, error));
  return [...lines, ...skippedLines(context, refused)];
}

function offsetMs({ clock, chain, slot }: ExecutionContext): number {
  return clock.now() - slotStartMs(chain, slot);
}
