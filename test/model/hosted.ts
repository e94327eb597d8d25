import { createActor, setup, type AnyActorRef, type AnyStateMachine, type EventObject, type InputFrom } from 'xstate';
import type { VirtualClock } from '../../services/clock/virtual-clock.js';
import type { Inspect } from './play-paths.js';

/** A real machine below a parent that only listens. */
export class Hosted<TMachine extends AnyStateMachine> {
  /** What the parent was told, the last one at the end. */
  readonly told: EventObject[] = [];
  readonly #host;

  constructor(machine: TMachine, input: InputFrom<TMachine>, clock: VirtualClock, inspect: Inspect) {
    const parent = setup({ actors: { hosted: machine as AnyStateMachine } }).createMachine({
      invoke: { id: 'hosted', src: 'hosted', input },
      on: { '*': { actions: ({ event }) => this.told.push(event) } },
    });
    this.#host = createActor(parent, { clock, inspect });
  }

  start(): void {
    this.#host.start();
  }

  get actor(): AnyActorRef {
    return this.#host.getSnapshot().children['hosted'] as AnyActorRef;
  }

  get state(): unknown {
    return (this.actor.getSnapshot() as { value: unknown }).value;
  }

  stop(): void {
    this.#host.stop();
  }
}

/** Answers that wait for the path. */
export class Answers<T> {
  readonly #waiting: { resolve: (answer: T) => void; reject: (error: Error) => void }[] = [];

  ask(): Promise<T> {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Answers the last request. */
  give(answer: T): void {
    this.#waiting.at(-1)!.resolve(answer);
  }

  refuse(error: Error): void {
    this.#waiting.at(-1)!.reject(error);
  }
}
