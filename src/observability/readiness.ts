import { slotAt, type Slot } from '../../machines/rules/chain-time.js';
import type { DutyScheduler } from '../duty-scheduler.js';
import { readActors, type ActorStates } from './actor-state.js';
import type { Readiness, ReadinessCheck } from './reports.js';
import { tableFor } from './role-tables.js';

/** Whether the process lives and its slot clock runs. */
export interface Health {
  readonly healthy: boolean;
  /** Slot of the last tick; null before the start. */
  readonly slot: Slot | null;
  readonly detail: string;
}

/** Slots that the last tick may be behind the clock: the tick of the current slot may be on its way. */
const TOLERATED_SLOTS = 1;

/** Says whether the slot clock runs. A scheduler that waits for its beacon node is alive. */
export function healthOf(scheduler: DutyScheduler, now: number): Health {
  const { actor } = scheduler;
  if (actor === undefined) return { healthy: true, slot: null, detail: 'waiting for the beacon node' };
  const { status, context } = actor.getSnapshot();
  const { chain, slot } = context;
  if (status !== 'active') return { healthy: false, slot, detail: `the scheduler has ended: ${status}` };
  const current = slotAt(chain, now);
  if (current - slot > TOLERATED_SLOTS) {
    return { healthy: false, slot, detail: `the last tick was of slot ${slot}, it is slot ${current}` };
  }
  return { healthy: true, slot, detail: 'ticking' };
}

/** Says whether everything is there that duties of the current slot need, check by check. */
export function readinessOf(scheduler: DutyScheduler, now: number): Readiness {
  const { actor } = scheduler;
  const checks: ReadinessCheck[] = [
    {
      check: 'chain-data',
      ok: actor !== undefined,
      detail: actor === undefined ? 'waiting for the beacon node to say what chain it is on' : 'known',
    },
  ];
  if (actor !== undefined) {
    const states = readActors(actor);
    const slot = slotAt(states.scheduler.chain, now);
    checks.push(nodeCheck(states), eventsCheck(states, slot), registryCheck(states), ...tableChecks(states, slot));
    const { journalWritable, sourceHealth } = scheduler;
    if (sourceHealth !== undefined) checks.push({ check: 'validators-followed', ...sourceHealth });
    if (journalWritable !== undefined) {
      checks.push({
        check: 'journal-writable',
        ok: journalWritable,
        detail: journalWritable ? 'written' : 'a write failed: claims live in memory only',
      });
    }
  }
  return { ready: checks.every(({ ok }) => ok), checks };
}

function nodeCheck({ node, scheduler }: ActorStates): ReadinessCheck {
  const status = node?.context.status ?? 'unknown';
  const ok = status === 'connected' && scheduler.unfit === undefined;
  return { check: 'node-synced', ok, detail: scheduler.unfit ?? status };
}

function eventsCheck({ node, scheduler }: ActorStates, slot: Slot): ReadinessCheck {
  const check = 'events-flowing';
  if (node?.matches({ stream: 'streaming' }) !== true || node.context.streamDown) {
    return { check, ok: false, detail: 'the event stream is down or silent; roots are asked for in every slot' };
  }
  if (slot < 0) return { check, ok: true, detail: 'before genesis' };
  const head = scheduler.lastHeads.get(scheduler.leader)?.slot;
  if (head === undefined) return { check, ok: false, detail: 'no head event yet' };
  return { check, ok: true, detail: `last head: slot ${head}` };
}

function registryCheck({ validators }: ActorStates): ReadinessCheck {
  const check = 'registry-synced';
  if (!validators?.context.filled) {
    return { check, ok: false, detail: 'the validators are not known yet, or not looked up' };
  }
  return { check, ok: true, detail: `${validators.context.registry.size} validators` };
}

function tableChecks({ roles, configured }: ActorStates, slot: Slot): ReadinessCheck[] {
  return configured.map((role): ReadinessCheck => {
    const check = `tables-${role}`;
    const state = roles.get(role);
    if (state === undefined) return { check, ok: false, detail: 'the role crashed and is being restarted' };
    const { target, ready, status } = tableFor(state, slot);
    const name = role === 'sync-committee' ? 'period' : 'epoch';
    return { check, ok: ready, detail: `${name} ${target}: ${status}` };
  });
}
