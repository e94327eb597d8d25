/** What must hold whenever nothing moves: after every command, and at every point of interest on the way. */
import { ROLES, type DutyKind, type Role } from '../../machines/rules/duties.js';
import type { DutyScheduler } from '../../src/duty-scheduler.js';
import {
  deadlineOf,
  DUE_MS,
  epochOf,
  EPOCHS_PER_PERIOD,
  firstSlotOf,
  KINDS,
  periodServing,
  positionOf,
  SLOT_MS,
  slotAt,
  SLOTS_PER_EPOCH,
  startOf,
  targetOf,
  waitsForHead,
} from './plain-time.js';
import { keyOf, oldestOpenSlot, type ReferenceModel } from './reference-model.js';
import { preparesNext, type KnownRow, type RoleMemory } from './role-memory.js';
import type { ToldNode } from './told-node.js';

export interface Watched {
  readonly model: ReferenceModel;
  readonly node: ToldNode;
  readonly scheduler: DutyScheduler;
}

/** Everything that is wrong now. */
export function problems(watched: Watched): string[] {
  const { model } = watched;
  const up = ROLES.filter((role) => model.isUp(role));
  return [
    ...model.violations.splice(0),
    ...tickMissing(model),
    ...up.flatMap((role) => notExecuted(model, model.roles[role])),
    ...up.flatMap((role) => notOnTheWay(watched, model.roles[role])),
    ...up.flatMap((role) => notKnown(watched, model.roles[role])),
    ...wronglySignalled(model),
    ...storms(watched),
  ];
}

function tickMissing(model: ReferenceModel): string[] {
  const slot = slotAt(model.now());
  return model.isShaken() || model.slot >= slot ? [] : [`no tick of slot ${slot}: the last was of slot ${model.slot}`];
}

const rowsAt = ({ rows }: { readonly rows: readonly KnownRow[] }, slot: number): readonly KnownRow[] =>
  rows.filter((row) => row.slot === undefined || row.slot === slot);

/** A duty that the node showed, that nothing stands in the way of, and whose moment has come, has been handed over. */
function notExecuted(model: ReferenceModel, memory: RoleMemory): string[] {
  if (model.isShaken() || model.fitSince === undefined) return [];
  const { slot } = model;
  const now = model.now();
  const missing: string[] = [];
  for (const kind of KINDS[memory.role]) {
    if (waitsForHead(kind) && !model.hasData()) continue;
    const oldest = kind === 'attester' ? oldestOpenSlot(model.startSlot, slot) : slot;
    for (let past = oldest; past <= slot; past++) {
      const target = targetOf(memory.role, past);
      const shown = memory.shown.get(target);
      if (shown === undefined || memory.doubted.has(target) || memory.contradicted.has(target)) continue;
      if (now < momentOf(memory, kind, past) || now >= deadlineOf(kind, past)) continue;
      for (const { validator } of rowsAt(shown, past)) {
        if (!isDemanded(model, memory, kind, past, validator)) continue;
        model.demanded.set(kind, (model.demanded.get(kind) ?? 0) + 1);
        const key = keyOf(kind, past, validator);
        if (!model.handedOver.has(key)) missing.push(`${key} has not been handed over`);
      }
    }
  }
  return missing;
}

function isDemanded(model: ReferenceModel, memory: RoleMemory, kind: DutyKind, slot: number, validator: number) {
  if (!model.members.takesPart(validator, slot) || model.released.has(keyOf(kind, slot, validator))) return false;
  if (memory.barred.has(`${slot} ${validator}`)) return false;
  if (kind !== 'attester') return true;
  if ((model.gaveBack.get(validator) ?? -Infinity) >= epochOf(slot)) return false;
  return !(model.attested.get(validator) ?? []).some((claim) => claim.epoch >= epochOf(slot) && claim.slot !== slot);
}

/** Instant by which a duty is handed over, known before or not. */
function momentOf(memory: RoleMemory, kind: DutyKind, slot: number): number {
  if (!waitsForHead(kind)) return startOf(slot);
  const head = memory.oddDataSlots.has(slot) ? undefined : memory.heads.get(slot);
  return Math.max(startOf(slot), Math.min(startOf(slot) + DUE_MS, head?.at ?? Infinity));
}

/** Tables that must be there in a slot (SPEC §3). */
export function needed(model: ReferenceModel, role: Role, slot: number): number[] {
  const epoch = epochOf(slot);
  const secondHalf = positionOf(slot) >= SLOTS_PER_EPOCH / 2;
  switch (role) {
    case 'attester': {
      const before = oldestOpenSlot(model.startSlot, slot) < firstSlotOf(epoch) ? [epoch - 1] : [];
      return [...before, epoch, ...(secondHalf ? [epoch + 1] : [])];
    }
    case 'proposer':
      return [epoch, ...(secondHalf && model.chain.proposersAhead ? [epoch + 1] : [])];
    case 'sync-committee':
      return [periodServing(slot), ...(preparesNext(slot) ? [periodServing(slot) + 1] : [])];
  }
}

/** A table that is needed is right and complete, or on its way, or its last request failed a moment ago. */
function notOnTheWay({ model, node }: Watched, memory: RoleMemory): string[] {
  const { role } = memory;
  if (model.isShaken()) {
    memory.redrawn.clear();
    return [];
  }
  const { slot } = model;
  const now = model.now();
  const epochsFirst = firstSlotOf(epochOf(slot));
  // Where the clock was set back across it, nobody can tell what was before it and what after.
  const begun = model.setBackIn.has(epochsFirst) ? -Infinity : startOf(epochsFirst);
  const isOpen = (target: number) => [...node.open].some((open) => open.role === role && open.target === target);
  const wrong: string[] = [];
  for (const target of needed(model, role, slot)) {
    const lastSlot = role === 'attester' && target < epochOf(slot) ? firstSlotOf(target + 1) - 1 : Infinity;
    const eligible = model.members.eligible(role, target, slot, lastSlot);
    const shown = memory.shown.get(target);
    if (eligible.length === 0 || memory.contradicted.has(target) || isOpen(target)) continue;
    if (now - (memory.failedAt.get(target) ?? -Infinity) <= SLOT_MS) continue;
    const asked = new Set(shown?.asked ?? eligible);
    if (shown === undefined) wrong.push(`${role} ${target} is needed, and nobody asks for it`);
    else if (memory.doubted.has(target)) wrong.push(`${role} ${target} is wrong, and nobody asks for it again`);
    else if (!eligible.every((validator) => asked.has(validator))) {
      wrong.push(`${role} ${target} lacks validators: has ${[...asked].join()} of ${eligible.join()}`);
    } else if (role === 'sync-committee' && !memory.isVerifiedSince(target, begun)) {
      wrong.push(`${role} ${target} has not been verified in this epoch`);
    }
  }
  for (const target of memory.redrawn.keys()) wrong.push(`${role} ${target} may have changed, and nobody asks again`);
  return wrong;
}

/** What the scheduler says of a slot is what the node showed of our validators. */
function notKnown({ model, scheduler }: Watched, memory: RoleMemory): string[] {
  const { slot } = model;
  const nextEpoch = firstSlotOf(epochOf(slot) + 1);
  const slots = new Set([slot, slot + 1, nextEpoch - 1, nextEpoch, slot + EPOCHS_PER_PERIOD * SLOTS_PER_EPOCH]);
  return [...slots].flatMap((at) => {
    const shown = memory.shown.get(targetOf(memory.role, at));
    const rows = shown === undefined ? [] : rowsAt(shown, at);
    const expected = rows.map(({ validator }) => validator).filter((validator) => model.members.isActive(validator));
    return KINDS[memory.role].flatMap((kind) => {
      const known = scheduler.duties(at)[kind]?.map(({ validatorIndex }) => validatorIndex) ?? [];
      const [a, b] = [known.toSorted().join(), expected.toSorted().join()];
      return a === b ? [] : [`${kind} duties of slot ${at} are [${a}], the node showed [${b}]`];
    });
  });
}

/** The signal of a duty fires when it is called off or its deadline has passed, and not before. */
function wronglySignalled(model: ReferenceModel): string[] {
  const now = model.now();
  return [...model.inHand].flatMap(({ kind, slot, validator, signal, off, unsure }) => {
    const expired = now >= deadlineOf(kind, slot);
    if (unsure || (expired && model.isShaken()) || signal.aborted === (off || expired)) return [];
    return [`${keyOf(kind, slot, validator)}: its signal ${signal.aborted ? 'fired' : 'did not fire'}`];
  });
}

/** Requests of a method in a slot at most: retries (eight), for three tables; and what heads and changes lead to. */
const REQUESTS_PER_SLOT: Readonly<Record<string, number>> = {
  status: 12,
  validators: 14,
  probe: 8,
  attester: 3 * 9,
  proposer: 3 * 9,
  'sync-committee': 3 * 9,
  'data of attester': 9 * (SLOTS_PER_EPOCH + 1),
  'data of sync-committee': 2 * 9,
  subscribe: 20,
  stream: 12,
};

function storms({ model, node }: Watched): string[] {
  const since = startOf(model.slot);
  const counts = new Map<string, number>();
  for (let i = node.calls.length - 1; i >= 0 && node.calls[i]!.at >= since; i--) {
    const { method } = node.calls[i]!;
    counts.set(method, (counts.get(method) ?? 0) + 1);
  }
  const stirs = model.stirs.get(model.slot) ?? 0;
  return [...counts]
    .filter(([method, count]) => count > REQUESTS_PER_SLOT[method]! + 4 * stirs)
    .map(([method, count]) => `${count} requests (${method}) in slot ${model.slot}`);
}
