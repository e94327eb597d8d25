import { fromPromise } from 'xstate';
import { slotStartMs } from '../../machines/rules/chain-time.js';
import type { Subscriptions } from '../../machines/rules/subscriptions.js';
import {
  subscriptionMachine,
  type SubscriptionContext,
  type SubscriptionRequest,
} from '../../machines/subscription.machine.js';
import { VirtualClock } from '../../services/clock/virtual-clock.js';
import { testChain } from '../support/chain.js';
import { Answers, Hosted } from './hosted.js';
import type { Inspect, Rehearsal } from './play-paths.js';
import type { SubscriptionEvent } from './subscription-spec.js';

const CHAIN = testChain();
const SLOT = 3;
/** Longer than the pauses that a path comes to. */
const PAUSE_MS = 1000;

/** The real actor of a role's subscriptions, at the end of a slot, and a node that answers when told. */
export class SubscriptionRehearsal implements Rehearsal<SubscriptionEvent> {
  readonly #clock = new VirtualClock(slotStartMs(CHAIN, SLOT + 1) - 100);
  readonly #answers = new Answers<void>();
  readonly #hosted;

  constructor(inspect: Inspect) {
    const machine = subscriptionMachine.provide({
      actors: { sendSubscriptions: fromPromise<void, SubscriptionRequest>(() => this.#answers.ask()) },
    });
    this.#hosted = new Hosted(
      machine,
      { node: 0, chain: CHAIN, clock: this.#clock, random: () => 0.5 },
      this.#clock,
      inspect,
    );
  }

  async start(): Promise<void> {
    this.#hosted.start();
  }

  get state(): unknown {
    return this.#hosted.state;
  }

  /** What is to be sent, as the spec names it. */
  get queue(): string[] {
    const { context } = this.#hosted.actor.getSnapshot() as { context: SubscriptionContext };
    return context.queue.map(({ subscriptions }) => (subscriptions.kind === 'sync-committee' ? 'lasting' : 'brief'));
  }

  async play({ type }: SubscriptionEvent): Promise<void> {
    switch (type) {
      case 'lasting order':
        this.#order({
          kind: 'sync-committee',
          entries: [{ validatorIndex: 1, syncCommitteeIndices: [1], untilEpoch: 4 }],
        });
        break;
      case 'brief order':
        this.#order({
          kind: 'beacon-committee',
          entries: [{ validatorIndex: 1, committeeIndex: 0, committeesAtSlot: 1, slot: SLOT, isAggregator: true }],
        });
        break;
      case 'sent':
        this.#answers.give();
        break;
      case 'refused':
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

  #order(subscriptions: Subscriptions): void {
    this.#hosted.actor.send({ type: 'SUBSCRIBE', subscriptions, cause: 'epoch-start' });
  }
}
