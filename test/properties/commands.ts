/** What may happen to a scheduler, as commands that fast-check puts together, and shortens when something is wrong. */
import fc from 'fast-check';
import { ROLES, type Role } from '../../machines/rules/duties.js';
import type { SyncStatus } from '../../machines/ports.js';
import { LATECOMERS, VALIDATORS } from './plain-chain.js';
import { DUE_MS, epochOf, firstSlotOf, periodServing, SLOT_MS, SLOTS_PER_EPOCH, startOf } from './plain-time.js';
import type { ExecutorMode, PropertyRig } from './property-rig.js';
import type { ReferenceModel } from './reference-model.js';
import { pubkeyOf, type ReleaseMode } from './told-node.js';

type Command = fc.AsyncCommand<ReferenceModel, PropertyRig>;

/** A command by its words; everything is looked at after it. */
class Happening implements Command {
  constructor(
    private readonly words: string,
    private readonly happen: (rig: PropertyRig) => void | Promise<void>,
  ) {}

  check(): boolean {
    return true;
  }

  async run(_model: ReferenceModel, rig: PropertyRig): Promise<void> {
    await this.happen(rig);
    await rig.check(this.words);
  }

  toString(): string {
    return this.words;
  }
}

type Happen = (rig: PropertyRig) => void | Promise<void>;
const happening = (words: string, happen: Happen) => fc.constant(new Happening(words, happen));
const happeningOf = <T>(of: fc.Arbitrary<T>, words: (value: T) => string, happen: (value: T) => Happen) =>
  of.map((value) => new Happening(words(value), happen(value)));

const time = [
  happeningOf(
    fc.constantFrom(100, 250, 700, 2000, 5000),
    (ms) => `${ms} ms pass`,
    (ms) => (rig) => rig.pass(ms),
  ),
  happening('until the due point', (rig) => rig.pass(startOf(rig.slot) + DUE_MS - rig.clock.now())),
  happening('until the next slot', (rig) => rig.pass(startOf(rig.slot + 1) - rig.clock.now())),
  happeningOf(
    fc.integer({ min: 1, max: 3 }),
    (slots) => `${slots} slots pass`,
    (slots) => (rig) => rig.pass(slots * SLOT_MS),
  ),
  happening('until the middle of an epoch', (rig) => {
    const middle = firstSlotOf(epochOf(rig.slot - SLOTS_PER_EPOCH / 2) + 1) + SLOTS_PER_EPOCH / 2;
    return rig.pass(startOf(middle) - rig.clock.now());
  }),
  happening('until the last slot of the epoch', (rig) => {
    const last = firstSlotOf(epochOf(rig.slot + 1) + 1) - 1;
    return rig.pass(startOf(last) - rig.clock.now());
  }),
  happeningOf(
    fc.constantFrom(0.2, -0.2, 0.7, -1.2, 1, 1.7, 3, 9, 17),
    (slots) => `the clock jumps ${slots} slots`,
    (slots) => async (rig) => {
      // One at a time: two that cancel each other nobody can notice.
      if (rig.model.isShaken()) await rig.pass(rig.model.shakenUntil + 1 - rig.clock.now());
      rig.jump(slots * SLOT_MS);
    },
  ),
];

/** A block in a slot on top of the head, and its head event. */
function block(rig: PropertyRig, slot: number, optimistic = false): void {
  if (slot <= rig.chain.head.slot) return;
  rig.chain.grow(slot);
  rig.node.announce(optimistic);
}

const heads = [
  happening('a block', (rig) => block(rig, rig.slot)),
  happening('a block, and the next slot', async (rig) => {
    block(rig, rig.slot);
    await rig.pass(startOf(rig.slot + 1) - rig.clock.now());
  }),
  happening('a block that is optimistic', (rig) => block(rig, rig.slot, true)),
  happening('a block of the next slot, before its time', (rig) => block(rig, rig.slot + 1)),
  happening('a late block of the last slot', (rig) => block(rig, rig.slot - 1)),
  happening('the same head again', (rig) => rig.node.announce()),
  happeningOf(
    fc.record({ depth: fc.integer({ min: 1, max: 14 }), back: fc.integer({ min: 0, max: 3 }), told: fc.boolean() }),
    ({ depth, back, told }) => `a re-org of ${depth} blocks, ${back} slots back${told ? '' : ', untold'}`,
    ({ depth, back, told }) =>
      (rig) => {
        rig.chain.cut(depth);
        const slot = Math.max(rig.chain.head.slot + 1, rig.slot - back);
        if (slot > rig.slot) return;
        rig.chain.grow(slot);
        if (told) rig.node.announce();
      },
  ),
  happening('another next sync committee', (rig) => {
    rig.chain.redraw(periodServing(rig.slot) + 1);
  }),
];

const role = fc.constantFrom(...ROLES);

const answers = [
  happeningOf(
    role,
    (name: Role) => `answers (${name}) are held`,
    (name) => (rig) => void rig.node.holding.add(name),
  ),
  happeningOf(
    role,
    (name: Role) => `answers (${name}) come at once`,
    (name) => (rig) => void rig.node.holding.delete(name),
  ),
  happeningOf(
    fc.tuple(fc.nat(3), fc.constantFrom<ReleaseMode>('as it is now', 'as it was then', 'with an error')),
    ([place, how]) => `held request ${place} is answered ${how}`,
    ([place, how]) =>
      (rig) =>
        rig.node.release(place, how),
  ),
  happeningOf(
    fc.tuple(role, fc.constantFrom(400 as const, 500 as const)),
    ([name, status]) => `requests (${name}) fail with ${status}`,
    ([name, status]) =>
      (rig) =>
        void rig.node.failing.set(name, status),
  ),
  happeningOf(
    role,
    (name: Role) => `requests (${name}) no longer fail`,
    (name) => (rig) => void rig.node.failing.delete(name),
  ),
  happeningOf(
    role,
    (name: Role) => `the next answer crashes the role (${name})`,
    (name) => (rig) => void rig.node.garbling.add(name),
  ),
];

const someone = fc.constantFrom(...VALIDATORS.slice(2));

const validators = [
  happeningOf(
    someone,
    (index) => `validator ${index} is added`,
    (index) => (rig) => {
      const { slot, model } = rig;
      model.members.add(index, slot, rig.clock.now());
      rig.scheduler.send({ type: 'VALIDATOR_ADDED', validators: [{ id: pubkeyOf(index), eventSlot: slot }] });
    },
  ),
  happeningOf(
    someone,
    (index) => `validator ${index} is removed`,
    (index) => (rig) => {
      if (!rig.model.members.has(index)) return;
      rig.model.members.remove(index);
      rig.model.left(index);
      rig.scheduler.send({ type: 'VALIDATOR_REMOVED', ids: [pubkeyOf(index)] });
    },
  ),
  happeningOf(
    someone,
    (index) => `validator ${index} is liquidated`,
    (index) => (rig) => {
      if (!rig.model.members.has(index)) return;
      rig.model.members.liquidate(index);
      rig.model.left(index);
      rig.scheduler.send({ type: 'CLUSTER_LIQUIDATED', ids: [pubkeyOf(index)] });
    },
  ),
  happeningOf(
    someone,
    (index) => `validator ${index} is reactivated`,
    (index) => (rig) => {
      const { slot, model } = rig;
      model.members.reactivate(index, slot, rig.clock.now());
      rig.scheduler.send({ type: 'CLUSTER_REACTIVATED', ids: [pubkeyOf(index)], eventSlot: slot });
    },
  ),
  happeningOf(
    fc.tuple(fc.constantFrom(...LATECOMERS), fc.integer({ min: 2, max: 3 })),
    ([index, epochs]) => `the node comes to know validator ${index}, active in ${epochs} epochs`,
    ([index, epochs]) =>
      (rig) => {
        const { activation } = rig.chain;
        if (!activation.has(index)) activation.set(index, epochOf(rig.slot) + epochs);
      },
  ),
];

const well: SyncStatus = { headSlot: 0, syncDistance: 0, isSyncing: false, isOptimistic: false, elOffline: false };
const statuses: Readonly<Record<string, SyncStatus | 'slow'>> = {
  well,
  'four slots behind': { ...well, isSyncing: true, syncDistance: 4 },
  'five slots behind': { ...well, isSyncing: true, syncDistance: 5 },
  optimistic: { ...well, isOptimistic: true },
  'without its execution node': { ...well, elOffline: true },
  'slow to tell its status': 'slow',
};

const node = [
  happeningOf(
    fc.constantFrom(...Object.keys(statuses)),
    (name) => `the node is ${name}`,
    (name) => (rig) => void (rig.node.status = statuses[name]!),
  ),
  happening('the node goes away', (rig) => {
    rig.node.reachable = false;
    rig.model.dataIs(false);
    rig.node.dropStreams();
  }),
  happening('the node is back', (rig) => {
    rig.node.reachable = true;
    rig.model.dataIs(rig.node.data !== 'fails' && rig.node.data !== 'hangs');
  }),
  happening('the stream ends', (rig) => rig.node.dropStreams()),
  happeningOf(
    fc.boolean(),
    (refuses) => `streams are ${refuses ? 'refused' : 'accepted'}`,
    (refuses) => (rig) => {
      rig.node.refusesStreams = refuses;
      if (refuses) rig.node.dropStreams();
    },
  ),
  happeningOf(
    fc.boolean(),
    (fail) => `look-ups ${fail ? 'fail' : 'work'}`,
    (fail) => (rig) => void (rig.node.lookUpsFail = fail),
  ),
  happeningOf(
    fc.constantFrom('fine' as const, 'fine' as const, 'fails' as const, 'hangs' as const, 'old' as const),
    (data) => `data for signing: ${data}`,
    (data) => (rig) => {
      rig.node.data = data;
      rig.model.dataIs(rig.node.reachable && data !== 'fails' && data !== 'hangs');
    },
  ),
];

const executors = [
  happeningOf(
    fc.constantFrom<ExecutorMode>('executes', 'executes', 'fails', 'hangs', 'hangs until its signal', 'signs nothing'),
    (mode) => `the executor ${mode}`,
    (mode) => (rig) => void (rig.executorMode = mode),
  ),
];

/** Time and heads come as often as everything else together. */
export const COMMANDS: fc.Arbitrary<Command>[] = [
  fc.oneof(...time),
  fc.oneof(...heads),
  fc.oneof(...time),
  fc.oneof(...heads),
  fc.oneof(...answers),
  fc.oneof(...validators),
  fc.oneof(...node),
  fc.oneof(...answers, ...executors),
];
