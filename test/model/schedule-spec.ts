import { assign, setup } from 'xstate';
import { SCHEDULE_STATES } from './schedule-states.js';

/** What a role of an epoch knows of one of its tables, and how the request for it stands. */
interface Table {
  readonly have: 'absent' | 'ready' | 'stale';
  readonly request: 'none' | 'asked' | 'pausing';
  /** Whether the table, and the request, are for the newcomers too. */
  readonly knowsNewcomers: boolean;
  readonly asksForNewcomers: boolean;
}

interface Schedule {
  /** Position in an epoch of four slots. */
  readonly position: 0 | 1 | 2 | 3;
  readonly now: Table;
  /** Of the next epoch; undefined where it is not needed yet. */
  readonly ahead: Table | undefined;
  readonly newcomers: boolean;
}

export const SCHEDULE_EVENTS = [
  'tick',
  'head',
  'reorg-now',
  'reorg-ahead',
  'back-now',
  'back-ahead',
  'answer-now',
  'answer-ahead',
  'failure-now',
  'failure-ahead',
  'retry',
  'validators-added',
] as const;
export type ScheduleEvent = { type: (typeof SCHEDULE_EVENTS)[number] };

const READY: Table = { have: 'ready', request: 'none', knowsNewcomers: false, asksForNewcomers: false };
const ABSENT: Table = { ...READY, have: 'absent' };

/**
 * The schedule of a role whose tables are those of epochs, as the contract tells it (SPEC §3, §5, §8), without a clock,
 * a root or a request in it.
 *
 * @param asksByValidator whether newcomers are asked for; else an answer names everyone
 * @param plansAhead whether the table of the next epoch is needed from the middle of this one on
 */
export function scheduleSpec(asksByValidator: boolean, plansAhead = true) {
  const ask = (table: Table, newcomers: boolean): Table => ({
    ...table,
    request: 'asked',
    asksForNewcomers: newcomers,
  });
  const lacks = ({ have, knowsNewcomers }: Table, newcomers: boolean) =>
    have !== 'ready' || (asksByValidator && newcomers && !knowsNewcomers);
  /** Needed minus ready, for what is not on its way. */
  const completed = (table: Table, newcomers: boolean) =>
    lacks(table, newcomers) && table.request === 'none' ? ask(table, newcomers) : table;
  const retried = (table: Table, newcomers: boolean) =>
    table.request === 'pausing' ? ask(table, newcomers) : completed(table, newcomers);

  const spec = setup({
    types: { context: {} as Schedule, events: {} as ScheduleEvent },
    guards: {
      isStale: ({ context: { now, ahead } }) => now.have === 'stale' || ahead?.have === 'stale',
      isWithout: ({ context: { now } }) => now.have === 'absent',
      isFetching: ({ context: { now, ahead } }) => now.request !== 'none' || (ahead ?? READY).request !== 'none',
      /** A request is given up after four slots: that is the table fetch's own story. */
      mayTick: ({ context: { position, now } }) => position !== 1 || now.request !== 'asked',
    },
  });
  /** What may befall one of the two tables; while the other one is in order, to keep the number of paths in bounds. */
  const on = (
    which: 'now' | 'ahead',
    may: (table: Table) => boolean,
    then: (table: Table, newcomers: boolean) => Table,
  ) => ({
    guard: ({ context }: { context: Schedule }) => {
      const table = context[which];
      const other = context[which === 'now' ? 'ahead' : 'now'];
      const calm = other?.request !== 'pausing';
      return table !== undefined && calm && may(table);
    },
    actions: spec.assign(({ context }) => ({
      [which]: completed(then(context[which]!, context.newcomers), context.newcomers),
    })),
  });
  const isThere = ({ have }: Table) => have !== 'absent';
  const isStale = ({ have }: Table) => have === 'stale';
  const isAsked = ({ request }: Table) => request === 'asked';
  const distrust = (table: Table, newcomers: boolean) => ask({ ...table, have: 'stale' }, newcomers);
  const trust = (table: Table): Table => ({ ...table, have: 'ready', request: 'none', asksForNewcomers: false });
  const take = (table: Table): Table => ({ ...trust(table), knowsNewcomers: table.asksForNewcomers });
  const pause = (table: Table): Table => ({ ...table, request: 'pausing' });

  return spec.createMachine({
    context: { position: 0, now: READY, ahead: undefined, newcomers: false },
    initial: 'scheduled',
    on: {
      tick: { guard: 'mayTick', actions: assign(({ context }) => afterTick(context)) },
      // It names the roots that the tables carry, or are being fetched for.
      head: { actions: assign({}) },
      'reorg-now': on('now', isThere, distrust),
      'reorg-ahead': on('ahead', isThere, distrust),
      'back-now': on('now', isStale, trust),
      'back-ahead': on('ahead', isStale, trust),
      'answer-now': on('now', isAsked, take),
      'answer-ahead': on('ahead', isAsked, take),
      'failure-now': on('now', isAsked, pause),
      'failure-ahead': on('ahead', isAsked, pause),
      retry: {
        guard: ({ context: { now, ahead } }) => now.request === 'pausing' || ahead?.request === 'pausing',
        actions: assign(({ context: { now, ahead } }) => ({ now: againAsked(now), ahead: ahead && againAsked(ahead) })),
      },
      'validators-added': {
        guard: ({ context: { newcomers } }) => !newcomers && asksByValidator,
        actions: assign(({ context: { now, ahead } }) => ({
          newcomers: true,
          now: retried(now, true),
          ahead: ahead && retried(ahead, true),
        })),
      },
    },
    states: SCHEDULE_STATES,
  });

  function afterTick({ position, now, ahead, newcomers }: Schedule): Partial<Schedule> {
    const next = ((position + 1) % 4) as Schedule['position'];
    const current = next === 0 ? (ahead ?? ABSENT) : now;
    const coming = next === 0 ? undefined : next === 2 && plansAhead ? ABSENT : ahead;
    return {
      position: next,
      // A pause is shorter than the rest of the slot.
      now: completed(againAsked(current), newcomers),
      ahead: coming && completed(againAsked(coming), newcomers),
    };
  }
}

/** The same request again: who came during the pause was asked for at once. */
function againAsked(table: Table): Table {
  return table.request === 'pausing' ? { ...table, request: 'asked' } : table;
}
