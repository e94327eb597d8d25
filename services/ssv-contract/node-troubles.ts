import type { Clock } from '../../machines/ports.js';
import type { Diagnostic } from '../../machines/rules/event-log.js';

/** The same trouble is told again after so long. */
const TOLD_EVERY_MS = 60_000;

/** What is wrong with an execution node, told to people: at once, then now and then, and when it is over. */
export class NodeTroubles {
  #current: string | undefined;
  #told: Diagnostic['level'] | undefined;
  #toldAt = -Infinity;

  constructor(
    private readonly url: string,
    private readonly clock: Clock,
    private readonly diagnose: (diagnostic: Diagnostic) => void,
  ) {}

  /** What keeps the node from being followed now; undefined: nothing. */
  get current(): string | undefined {
    return this.#current;
  }

  /** Something keeps the node from being followed. `error` is for what does not pass by itself, and is told at once. */
  tell(trouble: string, level: 'warn' | 'error' = 'warn'): void {
    this.#current = trouble;
    const now = this.clock.now();
    const isNew = this.#told === undefined || (level === 'error' && this.#told !== 'error');
    if (!isNew && now - this.#toldAt < TOLD_EVERY_MS) return;
    this.#told = level;
    this.#toldAt = now;
    this.diagnose({ level, message: `waiting for the execution node ${this.url}: ${trouble}` });
  }

  /** The node is followed. */
  over(): void {
    this.#current = undefined;
    if (this.#told === undefined) return;
    this.#told = undefined;
    this.diagnose({ level: 'info', message: `the execution node ${this.url} is followed again` });
  }
}
