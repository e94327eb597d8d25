import type { Clock, Random } from '../../machines/ports.js';
import type { NodeNumber } from '../../machines/rules/node-choice.js';
import type { AnswerTo, Entrance, Outcome, Question, Told } from '../entrance/entrance.js';
import type { LiveEntrance } from '../entrance/live-entrance.js';
import { askedOf, type RecordedInput } from './input-lines.js';

/** An input that the machines of the replay have no use for: they asked, set or heard something else. */
export class Unexpected extends Error {
  override readonly name = 'Unexpected';
}

interface Pending {
  readonly question: Question;
  readonly perform: () => Promise<unknown>;
  readonly settle: (outcome: Outcome<never>) => void;
  readonly signal: AbortSignal | undefined;
}

interface Listener {
  readonly source: keyof Told;
  /** Whose stream it is. */
  readonly node: NodeNumber | undefined;
  readonly open: (tell: (event: never) => void, clock: Clock) => void;
  readonly hear: (event: never) => void;
  readonly signal: AbortSignal;
}

/** Every node has a stream of its own. */
function listenerKey(source: keyof Told, node: NodeNumber | undefined): string {
  return node === undefined ? source : `${source} ${node}`;
}

/** The entrance of a replay: nothing is asked, and what comes in is what was recorded, when it was recorded. */
export class ReplayEntrance implements Entrance {
  readonly clock: Clock;
  readonly random: Random;
  #now = 0;
  #questions = 0;
  #timers = 0;
  #draws: number[] = [];
  #missingDraws = 0;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Map<string, Listener>();
  readonly #set = new Map<number, { readonly callback: () => void; readonly deadline: number }>();
  /** Where everything comes in since the recording was left. */
  #live: LiveEntrance | undefined;
  readonly #liveTimers = new Map<number, unknown>();

  constructor() {
    this.clock = {
      now: () => this.#live?.clock.now() ?? this.#now,
      setTimeout: (callback, delayMs) => {
        if (this.#live !== undefined) return this.#live.clock.setTimeout(callback, delayMs);
        const n = this.#timers++;
        this.#set.set(n, { callback, deadline: this.#now + Math.max(0, delayMs) });
        return n;
      },
      clearTimeout: (timer) => {
        if (typeof timer === 'number') this.#clearRecorded(timer);
        else this.#live?.clock.clearTimeout(timer);
      },
    };
    this.random = () => {
      if (this.#live !== undefined) return this.#live.random();
      const value = this.#draws.shift();
      if (value === undefined) this.#missingDraws++;
      return value ?? 0.5;
    };
  }

  /** Goes on counting from here: a recording may begin in mid-run. */
  countFrom({ questions = this.#questions, timers = this.#timers }): void {
    this.#questions = questions;
    this.#timers = timers;
  }

  /**
   * Leaves the recording: from here on the machines live in the world behind it. What they have asked is asked there,
   * the sources are opened there, and their timers ring by its clock.
   */
  leave(live: LiveEntrance): void {
    const now = this.#now;
    this.#live = live;
    for (const [n, { callback, deadline }] of [...this.#set]) {
      this.#liveTimers.set(n, live.clock.setTimeout(callback, deadline - now));
    }
    this.#set.clear();
    for (const [n, { question, perform, settle, signal }] of [...this.#pending]) {
      live.ask(n, question, perform as () => Promise<never>, settle as (outcome: Outcome<unknown>) => void, signal);
    }
    for (const { source, node, open, hear, signal } of [...this.#listeners.values()]) {
      live.listen(source, open, hear as (event: Told[typeof source]) => void, signal, node);
    }
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
    if (this.#live !== undefined) return this.#live.ask(n, question, perform, settle, signal);
    this.#pending.set(n, { question, perform, settle, signal });
    signal?.addEventListener('abort', () => this.#pending.delete(n), { once: true });
  }

  listen<S extends keyof Told>(
    source: S,
    open: (tell: (event: Told[S]) => void, clock: Clock) => void,
    hear: (event: Told[S]) => void,
    signal: AbortSignal,
    node?: NodeNumber,
  ): void {
    if (this.#live !== undefined) return this.#live.listen(source, open, hear, signal, node);
    const key = listenerKey(source, node);
    const listener: Listener = { source, node, open: open as Listener['open'], hear, signal };
    this.#listeners.set(key, listener);
    const forget = () => {
      if (this.#listeners.get(key) === listener) this.#listeners.delete(key);
    };
    signal.addEventListener('abort', forget, { once: true });
  }

  #clearRecorded(n: number): void {
    this.#set.delete(n);
    const timer = this.#liveTimers.get(n);
    if (timer !== undefined) this.#live?.clock.clearTimeout(timer);
  }

  /**
   * Does something in a turn of the recording's.
   *
   * @param time unix ms
   * @param draws the random numbers of this turn
   */
  turn(time: number, draws: readonly number[], handle: () => void): void {
    this.#now = time;
    this.#draws = [...draws];
    this.#missingDraws = 0;
    handle();
    if (this.#missingDraws > 0) throw new Unexpected('a random number is drawn that was not drawn then');
    if (this.#draws.length > 0) throw new Unexpected('a random number that was drawn then is not drawn');
  }

  /** Lets an answer, an event or a timer in. Throws an {@link Unexpected} where nobody waits for it. */
  take(input: Exclude<RecordedInput, { readonly of: 'start' | 'stop' | 'send' | 'random' | 'lost' }>): void {
    switch (input.of) {
      case 'timer': {
        const timer = this.#set.get(input.n);
        if (timer === undefined) throw new Unexpected('a timer rings that is not set');
        this.#set.delete(input.n);
        return timer.callback();
      }
      case 'answer': {
        const pending = this.#pending.get(input.n);
        if (pending === undefined) throw new Unexpected('an answer comes to what was not asked');
        const asked = JSON.stringify(askedOf(pending.question));
        if (asked !== JSON.stringify(input.question)) throw new Unexpected(`another question was asked: ${asked}`);
        this.#pending.delete(input.n);
        return pending.settle(input.outcome as Outcome<never>);
      }
      case 'ticks':
      case 'stream':
      case 'source': {
        const listener = this.#listeners.get(listenerKey(input.of, input.of === 'stream' ? input.node : undefined));
        if (listener === undefined) throw new Unexpected('an event comes from a source that nobody listens to');
        return listener.hear(input.event as never);
      }
    }
  }
}
