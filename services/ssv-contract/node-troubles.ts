import type { Clock } from '../../machines/ports.js';
import type { Diagnostic } from '../../machines/rules/event-log.js';

/** The same trouble is told again after so long. */
const TOLD_EVERY_MS = 60_000;

/** What is wrong with an execution node, told to people: at once, then now and then, and when it is over. */
export class NodeTroubles {
  #told: string | undefined;
  #toldAt = -Infinity;

  constructor(
    private readonly url: string,
    private readonly clock: Clock,
    private readonly diagnose: (diagnostic: Diagnostic) => void,
  ) {}

  /** Something keeps the node from being followed. */
  tell(trouble: string): void {
    const now = this.clock.now();
    if (this.#told !== undefined && now - this.#toldAt < TOLD_EVERY_MS) return;
    this.#told = trouble;
    this.#toldAt = now;
    this.diagnose({ level: 'warn', message: `waiting for the execution node ${this.url}: ${trouble}` });
  }

  /** The node is followed. */
  over(): void {
    if (this.#told === undefined) return;
    this.#told = undefined;
    this.diagnose({ level: 'info', message: `the execution node ${this.url} is followed again` });
  }
}
