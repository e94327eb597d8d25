import { slotStartMs, type Slot } from '../../machines/rules/chain-time.js';
import { dueAtMs } from '../../machines/rules/duty-points.js';
import { DUTY_KINDS, type DutyKind } from '../../machines/rules/duties.js';
import type { ActorStates } from './actor-state.js';
import { noDuties, type DutyHistory } from './duty-history.js';
import type { DutyMark, DutyState, SlotDuties } from './reports.js';
import { plannedIn } from './role-tables.js';

/** The duties of slots `from` to `to`, both included, by kind and slot: what became of them, else what is planned. */
export function dutyMarks(history: DutyHistory, states: ActorStates, from: Slot, to: Slot): DutyMark[] {
  const { chain, slot: now } = states.scheduler;
  const marks = new Map<string, DutyMark>();
  const put = (duties: SlotDuties, planned: number) => {
    const dueAt = dueAtMs(chain, duties.kind, duties.slot) - slotStartMs(chain, duties.slot);
    marks.set(`${duties.kind} ${duties.slot}`, { ...duties, planned, dueAtMs: dueAt, state: stateOf(duties) });
  };
  for (const duties of history.duties(from, to)) put(duties, 0);
  for (const state of states.roles.values()) {
    for (let slot = Math.max(from, 0); slot <= to; slot++) {
      const planned = plannedIn(state, slot);
      if (planned === undefined || planned.count === 0) continue;
      for (const kind of planned.kinds) {
        const known = marks.get(`${kind} ${slot}`);
        if (known !== undefined) marks.set(`${kind} ${slot}`, { ...known, planned: planned.count });
        // Without a line, a slot that is over was before the start.
        else if (slot >= now) put(noDuties(kind, slot), planned.count);
      }
    }
  }
  const order = (kind: DutyKind) => DUTY_KINDS.indexOf(kind);
  return [...marks.values()].sort((a, b) => a.slot - b.slot || order(a.kind) - order(b.kind));
}

/** The worst that became of any of the duties. */
export function stateOf(duties: SlotDuties): DutyState {
  const { due, met, failed, cancelled, skipped, deferred, triggers } = duties;
  if (failed > 0) return 'failed';
  if (skipped > 0) return 'skipped';
  if (met + cancelled < due) return 'open';
  if (met > 0) return triggers.late === undefined ? 'met' : 'late';
  if (cancelled > 0) return 'cancelled';
  return deferred > 0 ? 'deferred' : 'planned';
}
