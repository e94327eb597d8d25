import { createActor, fromPromise, setup, type InspectionEvent } from 'xstate';
import { BeaconNodeError } from '../../machines/ports.js';
import type { DutyAnswer } from '../../machines/rules/duties.js';
import { tableFetchMachine, type DutiesRequest } from '../../machines/table-fetch.machine.js';
import { VirtualClock } from '../../services/clock/virtual-clock.js';
import { testChain } from '../support/chain.js';
import { answerOf } from '../support/tables.js';
import type { TABLE_FETCH_EVENTS } from './table-fetch-spec.js';

const CHAIN = testChain();
/** Longer than the pauses of a path, and shorter than the rest of the slot. */
const PAUSE_MS = 1000;

/** A real table fetch whose requests wait for the path. */
export class TableFetchRehearsal {
  readonly #clock = new VirtualClock(CHAIN.genesisTimeMs);
  readonly #told: string[] = [];
  readonly #requests: { resolve: (answer: DutyAnswer) => void; reject: (error: Error) => void }[] = [];
  readonly #host;

  constructor(inspect: (event: InspectionEvent) => void) {
    const fetch = tableFetchMachine.provide({
      actors: {
        requestDuties: fromPromise<DutyAnswer, DutiesRequest>(
          () => new Promise((resolve, reject) => this.#requests.push({ resolve, reject })),
        ),
      },
    });
    const role = setup({ actors: { fetch } }).createMachine({
      invoke: {
        id: 'fetch',
        src: 'fetch',
        input: {
          role: 'attester',
          generation: 1,
          chain: CHAIN,
          clock: this.#clock,
          random: () => 0.5,
          order: {
            target: 0,
            requestEpoch: 0,
            mode: 'full',
            cause: 'warm-up',
            asked: Uint32Array.of(1),
            endpointVersion: 1,
            requiredRoot: undefined,
            failures: 0,
          },
        },
      },
      on: { '*': { actions: ({ event }) => this.#told.push(event.type) } },
    });
    this.#host = createActor(role, { clock: this.#clock, inspect });
  }

  async start(): Promise<void> {
    this.#host.start();
    await this.#clock.advanceBy(0);
  }

  get state(): unknown {
    return this.#host.getSnapshot().children['fetch']!.getSnapshot().value;
  }

  /** What the role was told last. */
  get lastTold(): string | undefined {
    return this.#told.filter((type) => type.startsWith('TABLE_')).at(-1);
  }

  async play({ type }: { type: (typeof TABLE_FETCH_EVENTS)[number] }): Promise<void> {
    const request = this.#requests.at(-1)!;
    if (type === 'answer') request.resolve(answerOf('attester', []));
    if (type === 'failure') request.reject(new BeaconNodeError('http', 'HTTP 500', 500));
    if (type === 'not-yet') request.reject(new BeaconNodeError('http', 'HTTP 400', 400));
    if (type === 'pause') await this.#clock.advanceBy(PAUSE_MS);
    // Up to when a request is given up, and no pause more.
    if (type === 'silence') await this.#clock.advanceBy(4 * CHAIN.slotDurationMs);
    await this.#clock.advanceBy(0);
  }

  stop(): void {
    this.#host.stop();
  }
}
