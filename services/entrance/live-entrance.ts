import type { Clock, Random } from '../../machines/ports.js';
import type { NodeNumber } from '../../machines/rules/node-choice.js';
import type { AnswerTo, Entrance, Outcome, Question, Told } from './entrance.js';
import type { Input, Recorder } from './input.js';

/** A timer that is set. */
export interface SetTimer {
  /** In the order of setting. */
  readonly n: number;
  /** Unix ms. */
  readonly deadline: number;
}

interface NumberedTimer {
  readonly n: number;
  readonly timer: unknown;
}

/**
 * The entrance of a running scheduler. What comes in during a turn (a source that tells at once, an executor that sends
 * an event) waits for its end.
 */
export class LiveEntrance implements Entrance {
  readonly clock: Clock;
  readonly random: Random;
  readonly #world: Clock;
  #recorder: Recorder | undefined;
  /** Time of the turn that is on; undefined between two. */
  #turn: number | undefined;
  readonly #waiting: (() => void)[] = [];
  #questions = 0;
  #timers = 0;
  /** Timers that are set, the oldest first. */
  readonly #set = new Map<number, SetTimer>();
  /** Executors that have not reported. */
  #executing = 0;
  /** Set once nothing new may come in; called when no executor is out any more. */
  #drained: (() => void) | undefined;

  /** @param world its time, on which timers run. */
  constructor(world: Clock, random: Random) {
    this.#world = world;
    this.clock = {
      now: () => this.#turn ?? world.now(),
      setTimeout: (callback, delayMs) => this.#setTimeout(callback, delayMs),
      clearTimeout: (timer) => this.#clearTimeout(timer as NumberedTimer),
    };
    this.random = () => {
      const value = random();
      this.#recorder?.drawn(value, this.clock.now());
      return value;
    };
  }

  /** From the next turn on, everything is recorded; undefined: no more. */
  recordTo(recorder: Recorder | undefined): void {
    this.#recorder = recorder;
  }

  /** A turn is on: the machines are between two states. */
  get isBusy(): boolean {
    return this.#turn !== undefined;
  }

  /** What must be known to go on with a recording from here: the numbers of what was asked and set. */
  get counters(): { readonly questions: number; readonly timers: number; readonly timersSet: readonly SetTimer[] } {
    return { questions: this.#questions, timers: this.#timers, timersSet: [...this.#set.values()] };
  }

  /**
   * Handles something that came in, in a turn of its own: now, or after the turn that is on.
   *
   * @param isWanted asked when its turn comes; what nobody waits for any more is left out
   */
  enter(input: Input, handle: () => void, isWanted: () => boolean = () => true): void {
    if (this.#turn !== undefined) {
      this.#waiting.push(() => this.#take(input, handle, isWanted));
      return;
    }
    this.#take(input, handle, isWanted);
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) next();
    this.#tellIfDrained();
  }

  /**
   * Lets in nothing any more but reports of executors, and the stop: what waits for anything else waits for good, so that
   * nothing new begins. Resolves when no executor is out; one that does not come back leaves it pending.
   */
  drain(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained = resolve;
      this.#tellIfDrained();
    });
  }

  number(): number {
    return this.#questions++;
  }

  ask<W extends Question['what']>(
    n: number,
    question: Question & { readonly what: W },
    perform: () => Promise<AnswerTo[W]>,
    settle: (outcome: Outcome<AnswerTo[W]>) => void,
    signal?: AbortSignal,
  ): void {
    const isWanted = () => signal?.aborted !== true;
    const isExecution = question.what === 'execution';
    if (isExecution) this.#executing++;
    const handle = (outcome: Outcome<AnswerTo[W]>) => {
      if (isExecution) this.#executing--;
      settle(outcome);
    };
    const enter = (outcome: Outcome<AnswerTo[W]>) =>
      this.enter({ of: 'answer', n, question, outcome }, () => handle(outcome), isWanted);
    promised(perform).then(
      (value) => enter({ value }),
      // A rejection without a reason is one all the same.
      (error: unknown) => enter({ error: error ?? new Error(String(error)) }),
    );
  }

  listen<S extends keyof Told>(
    source: S,
    open: (tell: (event: Told[S]) => void, clock: Clock) => void,
    hear: (event: Told[S]) => void,
    signal: AbortSignal,
    node?: NodeNumber,
  ): void {
    const tell = (event: Told[S]) =>
      this.enter(
        { of: source, ...(node !== undefined && { node }), event } as Input,
        () => hear(event),
        () => !signal.aborted,
      );
    open(tell, this.#world);
  }

  #take(input: Input, handle: () => void, isWanted: () => boolean): void {
    if (!isWanted() || (this.#drained !== undefined && !endsSomething(input))) return;
    this.#turn = this.#world.now();
    try {
      this.#recorder?.input(input, this.#turn);
      handle();
    } finally {
      this.#turn = undefined;
    }
  }

  #tellIfDrained(): void {
    if (!this.isBusy && this.#executing === 0) this.#drained?.();
  }

  #setTimeout(callback: () => void, delayMs: number): NumberedTimer {
    const n = this.#timers++;
    // The delay counts from the turn's time, and the turn has taken a while.
    const late = this.#turn === undefined ? 0 : Math.max(0, this.#world.now() - this.#turn);
    const timer = this.#world.setTimeout(
      () => {
        this.#set.delete(n);
        this.enter({ of: 'timer', n }, callback);
      },
      Math.max(0, delayMs - late),
    );
    this.#set.set(n, { n, deadline: this.clock.now() + Math.max(0, delayMs) });
    return { n, timer };
  }

  #clearTimeout({ n, timer }: NumberedTimer): void {
    this.#set.delete(n);
    this.#world.clearTimeout(timer);
  }
}

function endsSomething(input: Input): boolean {
  return input.of === 'stop' || (input.of === 'answer' && input.question.what === 'execution');
}

/** What is thrown at once becomes a rejection. */
async function promised<T>(perform: () => Promise<T>): Promise<T> {
  return await perform();
}
