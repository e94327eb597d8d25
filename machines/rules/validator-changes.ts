/** What an event of the validator source, or an answer of the beacon node, changes in the registry (SPEC §4, §8). */
import type { ChainSpec, Epoch, Slot } from './chain-time.js';
import type { ValidatorIndex } from './duties.js';
import type { ValidatorChangeCause } from './event-log.js';
import { isEligible, type Registry, type ValidatorRegistration } from './registry.js';
import type { ValidatorId, ValidatorRecord } from './validators.js';

/** What a validator source, or the embedder, tells of validators. Pubkeys in lower case. */
export type ValidatorSourceEvent =
  /** The set at the start; comes once, first. */
  | { readonly type: 'VALIDATORS_KNOWN'; readonly validators: readonly ValidatorRegistration[] }
  /** `eventSlot` of a registration: of the contract event's block; the current slot where it is not named. */
  | { readonly type: 'VALIDATOR_ADDED'; readonly validators: readonly ValidatorRegistration[] }
  | { readonly type: 'VALIDATOR_REMOVED'; readonly ids: readonly ValidatorId[] }
  | { readonly type: 'VALIDATOR_EXITED'; readonly ids: readonly ValidatorId[] }
  | { readonly type: 'CLUSTER_LIQUIDATED'; readonly ids: readonly ValidatorId[] }
  | { readonly type: 'CLUSTER_REACTIVATED'; readonly ids: readonly ValidatorId[]; readonly eventSlot?: Slot };

/** A registry and how it came about. */
export interface RegistryChange {
  readonly registry: Registry;
  readonly added: readonly ValidatorIndex[];
  readonly removed: readonly ValidatorIndex[];
  /** To be looked up at the beacon node. */
  readonly lookUp: readonly ValidatorId[];
}

/** Applies an event of the validator source, received in `slot`. */
export function applySourceEvent(registry: Registry, event: ValidatorSourceEvent, slot: Slot): RegistryChange {
  switch (event.type) {
    case 'VALIDATORS_KNOWN': {
      const ids = event.validators.map(({ id }) => id);
      return { registry: registry.add(event.validators), added: [], removed: [], lookUp: ids };
    }
    case 'VALIDATOR_ADDED': {
      const dated = event.validators.map((validator) => ({ ...validator, eventSlot: validator.eventSlot ?? slot }));
      // Whoever is there already stays as it is; the index comes with the look-up.
      return { registry: registry.add(dated), added: [], removed: [], lookUp: dated.map(({ id }) => id) };
    }
    case 'VALIDATOR_REMOVED': {
      const names = registry.namesOf(event.ids);
      return { registry: registry.remove(names), added: [], removed: registry.indicesOf(names), lookUp: [] };
    }
    case 'VALIDATOR_EXITED':
      return { registry, added: [], removed: [], lookUp: registry.namesOf(event.ids) };
    case 'CLUSTER_LIQUIDATED': {
      const names = registry.namesOf(event.ids);
      const removed = registry.indicesOf(names).filter((index) => registry.isActiveMember(index));
      return { registry: registry.setLiquidated(names, true), added: [], removed, lookUp: [] };
    }
    case 'CLUSTER_REACTIVATED': {
      const names = registry.namesOf(event.ids);
      const added = registry.indicesOf(names).filter((index) => !registry.isActiveMember(index));
      const reactivated = registry.setLiquidated(names, false, event.eventSlot ?? slot);
      return { registry: reactivated, added, removed: [], lookUp: names };
    }
  }
}

/** What an answer of the beacon node changes, told apart by why: one line of the event log each. */
export interface LearnedChange {
  readonly registry: Registry;
  readonly lines: readonly {
    readonly cause: ValidatorChangeCause;
    readonly added: readonly ValidatorIndex[];
    readonly removed: readonly ValidatorIndex[];
  }[];
}

/**
 * Takes in records of the beacon node.
 *
 * @param announced names that an event added and that had no index until now
 * @param epoch the next one, so that an activation is foreseen
 */
export function learnRecords(
  chain: ChainSpec,
  registry: Registry,
  records: readonly ValidatorRecord[],
  announced: ReadonlySet<ValidatorId>,
  epoch: Epoch,
): LearnedChange {
  const learned = registry.learn(records);
  if (learned === registry) return { registry, lines: [] };
  const arrived: ValidatorIndex[] = [];
  const started: ValidatorIndex[] = [];
  const ended: ValidatorIndex[] = [];
  for (const record of records) {
    const before = registry.byIndex(record.index);
    const after = learned.byIndex(record.index);
    if (after === undefined || after === before) continue;
    const attests = isEligible(chain, 'attester', after, epoch);
    const attested = before !== undefined && isEligible(chain, 'attester', before, epoch);
    // One liquidated meanwhile is told of when its cluster is reactivated.
    if (before === undefined && announced.has(after.id) && !after.liquidated) arrived.push(record.index);
    else if (attests && !attested) started.push(record.index);
    else if (attested && !attests) ended.push(record.index);
  }
  const ascending = (indices: ValidatorIndex[]) => indices.sort((a, b) => a - b);
  const lines: LearnedChange['lines'][number][] = [];
  if (arrived.length > 0) lines.push({ cause: 'VALIDATOR_ADDED', added: ascending(arrived), removed: [] });
  if (started.length + ended.length > 0) {
    lines.push({ cause: 'STATUS_CHANGED', added: ascending(started), removed: ascending(ended) });
  }
  return { registry: learned, lines };
}
