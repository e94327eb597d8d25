import type { Clock } from '../../machines/ports.js';
import { slotStartMs, type ChainSpec, type Slot } from '../../machines/rules/chain-time.js';
import { dueAtMs } from '../../machines/rules/duty-points.js';
import type { DutyKind, Trigger } from '../../machines/rules/duties.js';
import type { EventLine } from '../../machines/rules/event-log.js';
import type { SchedulerContext } from '../../machines/scheduler.machine.js';
import type { SchedulerActor } from '../../services/actors/scheduler-logic.js';
import type { DutyScheduler } from '../duty-scheduler.js';
import { DutyHistory } from './duty-history.js';
import { EMPTY_TALLY, tallied, triggerOf, type Tally } from './tally.js';

/** What a {@link SchedulerWatch} tells as it happens. */
export interface WatchListener {
  /** A line of the event log; for `duty-executed`, what had started the batch, where that was seen. */
  line?(line: EventLine, trigger: Trigger | undefined): void;
  /** A tick came, so many ms after its slot began. */
  tick?(slot: Slot, delayMs: number): void;
  /** The first head of a slot came, so many ms after the slot began. */
  head?(slot: Slot, offsetMs: number): void;
}

/**
 * Looks on at a scheduler, started or not: counts its lines, keeps the last epochs, and sees ticks and heads in the
 * root actor's state. Lines are counted when the machines have had their turn; whatever is costly is done when somebody
 * asks.
 */
export class SchedulerWatch {
  readonly #history = new DutyHistory();
  /** Lines not counted yet. */
  #waiting: EventLine[] = [];
  readonly #listeners = new Set<WatchListener>();
  readonly #endings: (() => void)[] = [];
  #tally = EMPTY_TALLY;
  #actor: SchedulerActor | undefined;
  #slot: Slot | undefined;
  #lastHeads: SchedulerContext['lastHeads'] = new Map();

  constructor(
    readonly scheduler: DutyScheduler,
    readonly clock: Pick<Clock, 'now'>,
  ) {
    this.#endings.push(scheduler.on('*', (line) => this.#note(line)));
    this.#follow();
  }

  /** What the lines add up to since the watch began. */
  get tally(): Tally {
    this.settle();
    return this.#tally;
  }

  /** The last epochs, slot by slot. */
  get history(): DutyHistory {
    this.settle();
    return this.#history;
  }

  /** Counts what has been written so far. */
  settle(): void {
    for (const line of this.#waiting.splice(0)) this.#take(line);
  }

  /** Undefined before the start. */
  get chain(): ChainSpec | undefined {
    return this.#actor?.getSnapshot().context.chain;
  }

  listen(listener: WatchListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    for (const end of this.#endings.splice(0)) end();
    this.#listeners.clear();
  }

  /** A duty may be about to be handed over: it does not wait until its line is counted. */
  #note(line: EventLine): void {
    this.#follow();
    if (this.#waiting.push(line) === 1) setImmediate(() => this.settle());
  }

  #take(line: EventLine): void {
    // The tally closes a batch with its outcome.
    const trigger =
      line.type === 'duty-executed'
        ? triggerOf(this.#tally, line.role, line.slot, line.validators[0] ?? -1)
        : undefined;
    this.#tally = tallied(this.#tally, line, (kind, slot) => this.#dueOffset(kind, slot));
    this.#history.take(line);
    this.#tell((listener) => listener.line?.(line, trigger));
  }

  /** The actor is there from the scheduler's start on, which no line precedes. */
  #follow(): void {
    const { actor } = this.scheduler;
    if (actor === undefined || this.#actor !== undefined) return;
    this.#actor = actor;
    const subscription = actor.subscribe(({ context: { chain, slot, lastHeads } }) => {
      const now = this.clock.now();
      if (slot !== this.#slot) {
        this.#slot = slot;
        this.#history.prune(slot);
        this.#tell((listener) => listener.tick?.(slot, now - slotStartMs(chain, slot)));
      }
      if (lastHeads === this.#lastHeads) return;
      const known = this.#lastHeads;
      this.#lastHeads = lastHeads;
      for (const [node, told] of lastHeads) {
        const { slot: head } = told;
        // The first head of a slot counts, whichever node tells it.
        if (told === known.get(node) || this.#history.headAt(head) !== undefined) continue;
        this.#history.head(head, now);
        this.#tell((listener) => listener.head?.(head, now - slotStartMs(chain, head)));
      }
    });
    this.#endings.push(() => subscription.unsubscribe());
  }

  /** Whoever looks on and fails is told of on stderr, and disturbs neither duties nor the others. */
  #tell(about: (listener: WatchListener) => void): void {
    for (const listener of this.#listeners) {
      try {
        about(listener);
      } catch (error) {
        process.emitWarning(`an onlooker of the scheduler failed: ${String(error)}`);
      }
    }
  }

  #dueOffset(kind: DutyKind, slot: Slot): number | undefined {
    const { chain } = this;
    return chain && dueAtMs(chain, kind, slot) - slotStartMs(chain, slot);
  }
}
