import type { DutyKind } from '../../machines/rules/duties.js';
import type { EventLine } from '../../machines/rules/event-log.js';

type DutyLine = Extract<EventLine, { type: `duty-${string}` }>;

const isDutyLine = (line: EventLine): line is DutyLine => line.type.startsWith('duty-');

interface Story {
  readonly kind: DutyKind;
  open: boolean;
  readonly lines: string[];
}

/**
 * Every duty that came due, or was deferred, ends with exactly one line. One that was cancelled, or signed nothing, may
 * begin again; and what is over may be said to be skipped once more, when a re-org brings it back.
 */
export class Stories {
  readonly #stories = new Map<string, Story>();
  /** Unix ms of the answer by which a kind's role crashed last. */
  readonly #cutAt = new Map<DutyKind, number>();

  /** Takes in a line; returns what is wrong with it. */
  line(line: EventLine): string[] {
    if (!isDutyLine(line)) return [];
    return line.validators.flatMap((validator) => {
      const key = `${line.role} ${line.slot} ${validator}`;
      const story: Story = this.#stories.get(key) ?? { kind: line.role, open: false, lines: [] };
      const ends = line.type !== 'duty-due' && line.type !== 'duty-deferred';
      story.lines.push('reason' in line ? `${line.type} (${line.reason})` : line.type);
      const isCut = this.#cutAt.get(line.role) === line.time;
      // What the executor said in the instant of the crash may be heard before it.
      const wrong = ends && !story.open && line.type !== 'duty-skipped' && !isCut;
      // Nor does what begins in that instant have an end.
      story.open = !ends && !isCut;
      this.#stories.set(key, story);
      return wrong ? [`${key} ended without being due: ${story.lines.join(', ')}`] : [];
    });
  }

  /** A role crashes by what it is answered now: what it had begun has no end. */
  forget(kind: DutyKind, now: number): void {
    this.#cutAt.set(kind, now);
    for (const [key, story] of this.#stories) {
      if (story.kind !== kind) continue;
      if (story.open) this.#stories.set(key, { ...story, open: false });
      else this.#stories.delete(key);
    }
  }

  /** What has not ended, with its lines. */
  open(): string[] {
    return [...this.#stories].filter(([, { open }]) => open).map(([key, { lines }]) => `${key}: ${lines.join(', ')}`);
  }
}
