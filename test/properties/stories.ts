import type { DutyKind } from '../../machines/rules/duties.js';
import type { EventLine } from '../../machines/rules/event-log.js';

type DutyLine = Extract<EventLine, { type: `duty-${string}` }>;

const isDutyLine = (line: EventLine): line is DutyLine => line.type.startsWith('duty-');

/**
 * Every duty that came due, or was deferred, ends with exactly one line. One that was cancelled, or signed nothing, may
 * begin again; and what is over may be said to be skipped once more, when a re-org brings it back.
 */
export class Stories {
  readonly #stories = new Map<string, { readonly kind: DutyKind; open: boolean; readonly lines: string[] }>();

  /** Takes in a line; returns what is wrong with it. */
  line(line: EventLine): string[] {
    if (!isDutyLine(line)) return [];
    return line.validators.flatMap((validator) => {
      const key = `${line.role} ${line.slot} ${validator}`;
      const story = this.#stories.get(key) ?? { kind: line.role, open: false, lines: [] };
      const ends = line.type !== 'duty-due' && line.type !== 'duty-deferred';
      story.lines.push('reason' in line ? `${line.type} (${line.reason})` : line.type);
      const wrong = ends && !story.open && line.type !== 'duty-skipped';
      story.open = !ends;
      this.#stories.set(key, story);
      return wrong ? [`${key} ended without being due: ${story.lines.join(', ')}`] : [];
    });
  }

  /** A role crashed: what it had begun has no end. */
  forget(kind: DutyKind): void {
    for (const [key, story] of this.#stories) if (story.kind === kind) this.#stories.delete(key);
  }

  /** What has not ended, with its lines. */
  open(): string[] {
    return [...this.#stories].filter(([, { open }]) => open).map(([key, { lines }]) => `${key}: ${lines.join(', ')}`);
  }
}
