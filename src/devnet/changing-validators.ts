import type { Clock, ValidatorSource } from '../../machines/ports.js';
import { slotAt, slotStartMs, type Slot } from '../../machines/rules/chain-time.js';
import type { ValidatorSourceEvent } from '../../machines/rules/validator-changes.js';
import type { Chain } from './chain.js';
import { RandomStream } from './deterministic-random.js';

/** Validators of one cluster, neighbours by index. */
const CLUSTER_SIZE = 4;
/** Part of a slot after which an event comes. */
const EVENT_OFFSET = 0.6;

/** What happens, one after the other, an event every so many slots. */
const STORY = ['liquidate', 'reactivate', 'remove', 'add', 'deposit'] as const;

export interface ChangingValidatorsOptions {
  readonly chain: Chain;
  readonly clock: Clock;
  /** Slots between two events. */
  readonly everySlots: number;
}

/**
 * The devnet's stand-in for the SSV contract: all validators of the chain at the start; then a cluster is liquidated and
 * reactivated, a validator is removed and added again, and a new one is deposited, which the chain activates epochs
 * later. Who it is comes from the chain's seed.
 */
export function changingValidators({ chain, clock, everySlots }: ChangingValidatorsOptions): ValidatorSource {
  return {
    run(tell, _fail, signal) {
      const { parameters, validators } = chain;
      const pubkeys = Array.from({ length: validators.count }, (_, index) => validators.at(index).pubkey);
      tell({ type: 'VALIDATORS_KNOWN', validators: pubkeys.map((id) => ({ id })) });

      let next: Slot = nextEventSlot(Math.max(0, slotAt(parameters, clock.now())), everySlots);
      let timer: unknown;
      const sleep = () => {
        const at = slotStartMs(parameters, next) + EVENT_OFFSET * parameters.slotDurationMs;
        timer = clock.setTimeout(happen, Math.max(0, at - clock.now()));
      };
      const happen = () => {
        tell(eventAt(chain, next, next / everySlots - 1));
        next = nextEventSlot(next, everySlots);
        sleep();
      };
      sleep();
      signal.addEventListener('abort', () => clock.clearTimeout(timer), { once: true });
    },
  };
}

function nextEventSlot(slot: Slot, everySlots: number): Slot {
  return (Math.floor(slot / everySlots) + 1) * everySlots;
}

/** The event of a slot; both of a pair (liquidate and reactivate, remove and add) meet the same validators. */
function eventAt(chain: Chain, slot: Slot, number: number): ValidatorSourceEvent {
  const { parameters, validators } = chain;
  const chapter = Math.floor(number / STORY.length);
  const random = new RandomStream(parameters.seed, 'validators', chapter);
  const clusters = Math.max(1, Math.floor(parameters.validatorCount / CLUSTER_SIZE));
  const first = random.below(clusters) * CLUSTER_SIZE;
  const members = Array.from({ length: CLUSTER_SIZE }, (_, k) => validators.get(first + k)?.pubkey);
  const ofCluster = members.filter((id) => id !== undefined);
  const single = validators.at(random.below(parameters.validatorCount)).pubkey;
  switch (STORY[number % STORY.length]!) {
    case 'liquidate':
      return { type: 'CLUSTER_LIQUIDATED', ids: ofCluster };
    case 'reactivate':
      return { type: 'CLUSTER_REACTIVATED', ids: ofCluster, eventSlot: slot };
    case 'remove':
      return { type: 'VALIDATOR_REMOVED', ids: [single] };
    case 'add':
      return { type: 'VALIDATOR_ADDED', validators: [{ id: single, eventSlot: slot }] };
    case 'deposit':
      return { type: 'VALIDATOR_ADDED', validators: [{ id: chain.addValidator().pubkey, eventSlot: slot }] };
  }
}
