import { fromCallback, fromPromise } from 'xstate';
import type { ValidatorSourceEvent } from '../../machines/rules/validator-changes.js';
import type { ValidatorId, ValidatorRecord } from '../../machines/rules/validators.js';
import { validatorsMachine, type ValidatorsMessage } from '../../machines/validators.machine.js';
import { VirtualClock } from '../../services/clock/virtual-clock.js';
import { testChain } from '../support/chain.js';
import { recordOf } from '../support/validators.js';
import { Answers, Hosted } from './hosted.js';
import type { Inspect, Rehearsal } from './play-paths.js';
import type { ValidatorsEvent } from './validators-spec.js';

const CHAIN = testChain();
const ONE = '1';
/** The node does not know it. */
const OTHER = '2';
/** Longer than the pauses that a path comes to; several are shorter than half a slot. */
const PAUSE_MS = 700;

/** The real registry, a source that speaks when told, and a node that knows one validator. */
export class ValidatorsRehearsal implements Rehearsal<ValidatorsEvent> {
  readonly #clock = new VirtualClock(CHAIN.genesisTimeMs);
  readonly #answers = new Answers<ValidatorRecord[]>();
  readonly #hosted;
  #tell: (event: ValidatorSourceEvent) => void = () => undefined;
  #asked: readonly ValidatorId[] = [];

  constructor(inspect: Inspect) {
    const machine = validatorsMachine.provide({
      actors: {
        validatorSource: fromCallback<ValidatorSourceEvent>(({ sendBack }) => {
          this.#tell = sendBack;
        }),
        lookUpValidators: fromPromise<ValidatorRecord[], readonly ValidatorId[]>(({ input }) => {
          this.#asked = input;
          return this.#answers.ask();
        }),
      },
    });
    this.#hosted = new Hosted(machine, { chain: CHAIN, clock: this.#clock, random: () => 0.5 }, this.#clock, inspect);
  }

  async start(): Promise<void> {
    this.#hosted.start();
  }

  get state(): unknown {
    return this.#hosted.state;
  }

  /** Who is named in the last request. */
  get asked(): { one: boolean; other: boolean } {
    return { one: this.#asked.includes(ONE), other: this.#asked.includes(OTHER) };
  }

  /** What the scheduler was told last of the one. */
  get told(): 'nothing' | 'came' | 'went' | 'neither' {
    const message = this.#hosted.told.findLast(({ type }) => type === 'REGISTRY_CHANGED');
    if (message === undefined) return 'nothing';
    const { added, removed } = message as ValidatorsMessage & { type: 'REGISTRY_CHANGED' };
    if (added.length + removed.length === 0) return 'neither';
    return added.length > 0 ? 'came' : 'went';
  }

  async play({ type }: ValidatorsEvent): Promise<void> {
    switch (type) {
      case 'known':
        this.#tell({ type: 'VALIDATORS_KNOWN', validators: [{ id: ONE }] });
        break;
      case 'other added':
        this.#tell({ type: 'VALIDATOR_ADDED', validators: [{ id: OTHER }] });
        break;
      case 'exited':
        this.#tell({ type: 'VALIDATOR_EXITED', ids: [ONE] });
        break;
      case 'removed':
        this.#tell({ type: 'VALIDATOR_REMOVED', ids: [ONE] });
        break;
      case 'liquidated':
        this.#tell({ type: 'CLUSTER_LIQUIDATED', ids: [ONE] });
        break;
      case 'reactivated':
        this.#tell({ type: 'CLUSTER_REACTIVATED', ids: [ONE] });
        break;
      case 'tick':
        this.#hosted.actor.send({ type: 'TICK', slot: CHAIN.slotsPerEpoch / 4 + 1 });
        break;
      case 'tick at a quarter':
        this.#hosted.actor.send({ type: 'TICK', slot: CHAIN.slotsPerEpoch / 4 });
        break;
      case 'half a slot':
        await this.#clock.advanceBy(CHAIN.slotDurationMs / 2);
        break;
      case 'answer':
        this.#answers.give(this.#asked.includes(ONE) ? [recordOf(1)] : []);
        break;
      case 'failure':
        this.#answers.refuse(new Error('HTTP 500'));
        break;
      case 'pause':
        await this.#clock.advanceBy(PAUSE_MS);
        break;
    }
    await this.#clock.advanceBy(0);
  }

  stop(): void {
    this.#hosted.stop();
  }
}
