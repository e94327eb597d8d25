import { epochOf, periodOf, syncPeriodServing, startSlotOf, firstEpochOf } from '../../../machines/rules/chain-time.js';
import { BySlot, keyOf, REMEMBERED_SLOTS, roleOf, type Check } from './check.js';

/** No duty of a validator that has left, or from before the event that brought it. */
export const onlyMembers: Check = ({ membership }, violate) => ({
  handedOver(handOver) {
    const member = membership.get(handOver.validator);
    if (member === undefined || member.liquidated) violate(`${keyOf(handOver)}: the validator has left`);
    else if (member.eventSlot !== undefined && handOver.slot < member.eventSlot) {
      violate(`${keyOf(handOver)}: the validator came in slot ${member.eventSlot}`);
    }
  },
});

/** No hand-over while the node was known unfit. What it says in this very millisecond may cross with the hand-over. */
export const neverWhileUnfit: Check = (world, violate) => ({
  handedOver(handOver) {
    const { unfitSince } = world;
    if (unfitSince !== undefined && unfitSince < handOver.at) {
      violate(`${keyOf(handOver)}: the node has been unfit for ${handOver.at - unfitSince} ms`);
    }
  },
});

/** Whatever is handed over stood in an answer that this life of the scheduler got. */
export const onlyAnsweredDuties: Check = (world, violate) => {
  const { spec } = world;
  /** By the first slot of the table. */
  const answered = new BySlot(() => new Set<string>());
  return {
    dutiesAnswered({ role, epoch }, { columns }) {
      const target = role === 'sync-committee' ? firstEpochOf(spec, periodOf(spec, epoch)) : epoch;
      const known = answered.at(startSlotOf(spec, target));
      columns.validator.forEach((validator, row) => {
        const slot = columns.slot?.[row];
        known.add(slot === undefined ? `${role} ${validator}` : `${role} ${slot} ${validator}`);
      });
    },
    handedOver(handOver) {
      const { kind, slot, validator } = handOver;
      const role = roleOf(kind);
      const isSync = role === 'sync-committee';
      const target = isSync ? firstEpochOf(spec, syncPeriodServing(spec, slot)) : epochOf(spec, slot);
      const name = isSync ? `${role} ${validator}` : `${role} ${slot} ${validator}`;
      if (!answered.at(startSlotOf(spec, target)).has(name)) violate(`${keyOf(handOver)} stands in no answer`);
    },
    lifeEnded: () => answered.clear(),
    slotEnds: (slot) => answered.forgetBefore(slot - 2 * REMEMBERED_SLOTS),
  };
};
