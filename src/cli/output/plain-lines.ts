import type { DutyKind } from '../../../machines/rules/duties.js';
import type { EventLine } from '../../../machines/rules/event-log.js';
import { clockText } from './clock-text.js';
import { describeLine, type ExecutionFacts } from '../../observability/describe-line.js';
import { triggerOf, type DueOffset, type Tally } from '../../observability/tally.js';

const SUBJECT_WIDTH: number = ('sync-committee-contribution' satisfies DutyKind).length;
const SLOT_WIDTH = 8;

/**
 * A line of the event log as one line of text: local time, slot, what it is about, what happened. Undefined for
 * `duty-due`, since the outcome says it all.
 *
 * @param tally before this line
 */
export function plainLine(line: EventLine, tally: Tally, dueOffset: DueOffset): string | undefined {
  if (line.type === 'duty-due') return undefined;
  const { subject, text } = describeLine(
    line,
    line.type === 'duty-executed' ? factsOf(line, tally, dueOffset) : undefined,
  );
  return `${clockText(line.time)}  slot ${String(line.slot).padEnd(SLOT_WIDTH)}  ${subject.padEnd(SUBJECT_WIDTH)}  ${text}`;
}

function factsOf(
  { role, slot, validators, offsetMs }: Extract<EventLine, { type: 'duty-executed' }>,
  tally: Tally,
  dueOffset: DueOffset,
): ExecutionFacts {
  const due = dueOffset(role, slot);
  return {
    trigger: triggerOf(tally, role, slot, validators[0]!),
    marginMs: due === undefined ? undefined : due - offsetMs,
  };
}
