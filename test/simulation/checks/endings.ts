import type { Slot } from '../../../machines/rules/chain-time.js';
import type { DutyKind, ValidatorIndex } from '../../../machines/rules/duties.js';
import type { EventLine } from '../../../machines/rules/event-log.js';
import { BySlot, keyOf, REMEMBERED_SLOTS, type Check } from './check.js';
import { endsBy } from './lifetimes.js';

type DutyLine = Extract<EventLine, { type: `duty-${string}` }>;

function isDutyLine(line: EventLine): line is DutyLine {
  return line.type.startsWith('duty-');
}

/** What was said of a duty so far. */
interface Story {
  readonly kind: DutyKind;
  readonly slot: Slot;
  readonly lines: string[];
}

/**
 * Every duty that came due, or was deferred, ends with exactly one line: executed, failed, skipped or cancelled. One
 * that was cancelled, or signed nothing, may begin again; and what is over may be said to be skipped once more, when a
 * re-org brings it back.
 */
export const oneEndingEach: Check = (world, violate) => {
  const stories = new BySlot(() => new Map<string, Story>());
  /** Those that have begun, and not ended. */
  const open = new Map<string, Story>();
  const tell = (line: DutyLine, validator: ValidatorIndex) => {
    const { type, role: kind, slot } = line;
    const key = keyOf({ kind, slot, validator });
    const ofSlot = stories.at(slot);
    let story = ofSlot.get(key);
    if (story === undefined) ofSlot.set(key, (story = { kind, slot, lines: [] }));
    const isEnding = type !== 'duty-due' && type !== 'duty-deferred';
    const neverBegan = isEnding && !open.has(key) && type !== 'duty-skipped';
    story.lines.push('reason' in line ? `${type} (${line.reason})` : type);
    if (neverBegan) violate(`${key} ended more than once, or before it was due: ${story.lines.join(', ')}`);
    if (isEnding) open.delete(key);
    else open.set(key, story);
  };
  return {
    line(line) {
      if (isDutyLine(line)) for (const validator of line.validators) tell(line, validator);
    },
    // What was under way ends with the process.
    lifeEnded: () => {
      stories.clear();
      open.clear();
    },
    slotEnds(now) {
      const at = world.clock.now();
      for (const [key, { kind, slot, lines }] of open) {
        if (at > endsBy(world, kind, slot)) violate(`${key} has not ended by slot ${now}: ${lines.join(', ')}`);
      }
      stories.forgetBefore(now - REMEMBERED_SLOTS);
    },
  };
};
