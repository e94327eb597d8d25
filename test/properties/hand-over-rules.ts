import type { DutyBatch, DutyWithSignal } from '../../machines/ports.js';
import type { DutyKind } from '../../machines/rules/duties.js';
import { deadlineOf, DUE_MS, dueAtOf, epochOf, roleOf, startOf, targetOf, waitsForHead } from './plain-time.js';
import type { ReferenceModel } from './reference-model.js';
import type { KnownRow, RoleMemory } from './role-memory.js';

/** Everything that forbids this hand-over at this instant; empty where it is right. */
export function whyNotNow(model: ReferenceModel, batch: DutyBatch, duty: DutyWithSignal<DutyKind>): string[] {
  const { kind, slot } = batch;
  const { validatorIndex: validator } = duty;
  const now = model.now();
  const memory = model.roles[roleOf(kind)];
  const target = targetOf(roleOf(kind), slot);
  const shown = memory.shown.get(target);
  const key = `${kind} ${slot} ${validator}`;
  const why: string[] = [];
  const forbid = (condition: boolean, reason: string) => {
    if (condition) why.push(reason);
  };

  forbid(model.handedOver.has(key), 'it was handed over before');
  forbid(!model.members.takesPart(validator, slot), 'the validator takes no part');
  forbid(slot < model.startSlot, 'its slot was before the start, and nothing shows what ran then');
  forbid(slot > model.slot, 'its slot has not begun');
  forbid(now >= deadlineOf(kind, slot), `its deadline passed ${now - deadlineOf(kind, slot)} ms ago`);
  forbid(model.unfitSince !== undefined && model.unfitSince < now, 'the node is unfit');
  forbid(kind === 'proposer' && memory.barred.has(`${slot} ${validator}`), 'a re-org of this very slot added it');
  const rows = shown === undefined ? [] : shown.at === now ? [...shown.rows, ...shown.before] : shown.rows;
  const row = rows.find((candidate) => isRowOf(candidate, duty, kind, slot));
  forbid(row === undefined, 'the node shows no such duty');
  const isProvedWrong = memory.doubted.has(target) && !memory.contradicted.has(target);
  forbid(isProvedWrong && memory.probedWrongAt.get(target) !== now, 'the node has proved its table wrong');
  forbid(batch.epoch !== epochOf(slot), `epoch ${batch.epoch}`);
  forbid(batch.deadline !== deadlineOf(kind, slot), `deadline ${batch.deadline}`);
  forbid(batch.dueAt !== dueAtOf(kind, slot), `due at ${batch.dueAt}`);
  if (kind === 'attester') {
    const later = model.attested.get(validator)?.find((claim) => claim.epoch >= epochOf(slot));
    forbid(later !== undefined, `it attested in slot ${later?.slot} for this target epoch or a later one`);
  }
  why.push(...whyNotThisTrigger(model, memory, batch, validator, row));
  return why;
}

function isRowOf(row: KnownRow, duty: DutyWithSignal<DutyKind>, kind: DutyKind, slot: number): boolean {
  if (row.validator !== duty.validatorIndex || (row.slot !== undefined && row.slot !== slot)) return false;
  if ('committeeIndex' in duty) return duty.committeeIndex === row.detail;
  if ('validatorSyncCommitteeIndices' in duty) return duty.validatorSyncCommitteeIndices.join() === String(row.detail);
  return kind === 'proposer';
}

function whyNotThisTrigger(
  model: ReferenceModel,
  memory: RoleMemory,
  { kind, slot, trigger, headBlock, data }: DutyBatch,
  validator: number,
  row: KnownRow | undefined,
): string[] {
  const now = model.now();
  const offset = now - startOf(slot);
  const head = memory.heads.get(slot);
  const why: string[] = [];
  if (waitsForHead(kind)) {
    // A moment that had come remains so, wherever the clock is set.
    const isBeforeDue = offset < DUE_MS && !model.setBackIn.has(slot);
    if (isBeforeDue && head === undefined) why.push(`no head for its slot has come ${offset} ms into it`);
    if (trigger === 'head' && headBlock !== head?.block) why.push(`head block ${headBlock}`);
    const voted = data === undefined ? undefined : 'root' in data ? data.root : data.beaconBlockRoot;
    if (voted === undefined) why.push('it has no data');
    if (trigger === 'head' && isBeforeDue && voted !== headBlock) why.push('its data does not vote for the head');
    if (trigger === 'slot-start') why.push('trigger slot-start');
  } else if (trigger === 'head' || trigger === 'deadline') why.push(`trigger ${trigger}`);
  if (!wasUndisturbed(model, memory, slot, validator, row)) return why;
  // Known before its slot, and nothing came in between: it runs at its very moment.
  const moment = waitsForHead(kind) ? Math.min(DUE_MS, Math.max(0, (head?.at ?? Infinity) - startOf(slot))) : 0;
  const late = waitsForHead(kind) && head !== undefined && (memory.oddDataSlots.has(slot) || data === undefined);
  const expected = !waitsForHead(kind) ? 'slot-start' : moment < DUE_MS ? 'head' : 'deadline';
  if (trigger !== expected) why.push(`trigger ${trigger} instead of ${expected}`);
  if (offset !== moment && !(late && offset === DUE_MS)) why.push(`${offset} ms into its slot instead of ${moment}`);
  return why;
}

function wasUndisturbed(
  model: ReferenceModel,
  memory: RoleMemory,
  slot: number,
  validator: number,
  row: KnownRow | undefined,
): boolean {
  const start = startOf(slot);
  const target = targetOf(memory.role, slot);
  if (row === undefined || memory.doubted.has(target) || memory.contradicted.has(target)) return false;
  return (
    row.since < start &&
    model.members.since(validator) < start &&
    memory.downUntil < start &&
    model.shakenUntil < start &&
    !model.setBackIn.has(slot) &&
    (model.fitSince ?? Infinity) < start &&
    (model.dataSince ?? Infinity) < start
  );
}
