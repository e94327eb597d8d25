import { assign, setup } from 'xstate';
import { SCHEDULE_STATES } from './schedule-states.js';

export const COMMITTEE_EVENTS = [
  'tick',
  'head',
  'reorg',
  'reconnect',
  'answer-now',
  'answer-ahead',
  'failure-now',
  'failure-ahead',
  'retry',
] as const;
export type CommitteeEvent = { type: (typeof COMMITTEE_EVENTS)[number] };

/** What the role knows of a period's committee, and how the request for it stands. */
interface Committee {
  readonly have: 'absent' | 'ready' | 'stale';
  /** Asked for in this epoch: it carries no root. */
  readonly verified: boolean;
  readonly request: 'none' | 'asked' | 'pausing';
}

interface Schedule {
  /** Slot of a period of three epochs of two slots each. */
  readonly position: number;
  /** Of the next slot's period: in the last slot that is the coming one already. */
  readonly now: Committee;
  /** Of the coming period, from the middle of the last epoch but one on. */
  readonly ahead: Committee | undefined;
}

const SLOTS = 6;
const WINDOW = 3;
const LAST = SLOTS - 1;
const READY: Committee = { have: 'ready', verified: true, request: 'none' };
const ABSENT: Committee = { have: 'absent', verified: false, request: 'none' };

/** Needed minus ready. */
const completed = (committee: Committee): Committee =>
  committee.request === 'none' && (committee.have !== 'ready' || !committee.verified)
    ? { ...committee, request: 'asked' }
    : committee;
const againAsked = (committee: Committee): Committee =>
  committee.request === 'pausing' ? { ...committee, request: 'asked' } : committee;
/** What a new slot, and a node that is back, do to a pause. */
const renewed = (committee: Committee) => completed(againAsked(committee));
const unverified = (committee: Committee): Committee => ({ ...committee, verified: false });
const doubted = ({ have, verified }: Committee): Committee => ({
  have: have === 'absent' ? 'absent' : 'stale',
  verified,
  request: 'asked',
});
const isAsked = (committee: Committee | undefined) => committee?.request === 'asked';
const isPausing = (committee: Committee | undefined) => committee?.request === 'pausing';

/** The schedule of the sync-committee role as the contract tells it (SPEC §3, §5). */
export const committeeSpec = setup({
  types: { context: {} as Schedule, events: {} as CommitteeEvent },
  guards: {
    isStale: ({ context: { now, ahead } }) => now.have === 'stale' || ahead?.have === 'stale',
    isWithout: ({ context: { now } }) => now.have === 'absent',
    isFetching: ({ context: { now, ahead } }) => now.request !== 'none' || (ahead ?? READY).request !== 'none',
    // A request is given up after four slots: that is the table fetch's own story.
    mayTick: ({ context: { position, now, ahead } }) =>
      (position !== 1 && position !== LAST) || !(isAsked(now) || isAsked(ahead)),
  },
}).createMachine({
  context: { position: 0, now: READY, ahead: undefined },
  initial: 'scheduled',
  on: {
    tick: { guard: 'mayTick', actions: assign(({ context }) => afterTick(context)) },
    head: { actions: assign({}) },
    // Two heads of an epoch differ: only the coming committee may be another one.
    reorg: {
      actions: assign(({ context: { position, now, ahead } }) =>
        position === LAST ? { now: doubted(now) } : { ahead: ahead && doubted(ahead) },
      ),
    },
    reconnect: {
      actions: assign(({ context: { now, ahead } }) => ({
        now: renewed(unverified(now)),
        ahead: ahead && renewed(unverified(ahead)),
      })),
    },
    'answer-now': { guard: ({ context }) => isAsked(context.now), actions: assign({ now: READY }) },
    'answer-ahead': { guard: ({ context }) => isAsked(context.ahead), actions: assign({ ahead: READY }) },
    'failure-now': {
      guard: ({ context }) => isAsked(context.now) && !isPausing(context.ahead),
      actions: assign({ now: ({ context }) => ({ ...context.now, request: 'pausing' as const }) }),
    },
    'failure-ahead': {
      guard: ({ context }) => isAsked(context.ahead) && !isPausing(context.now),
      actions: assign({ ahead: ({ context }) => ({ ...context.ahead!, request: 'pausing' as const }) }),
    },
    retry: {
      guard: ({ context: { now, ahead } }) => isPausing(now) || isPausing(ahead),
      actions: assign(({ context: { now, ahead } }) => ({ now: againAsked(now), ahead: ahead && againAsked(ahead) })),
    },
  },
  states: SCHEDULE_STATES,
});

function afterTick({ position, now, ahead }: Schedule): Schedule {
  const next = (position + 1) % SLOTS;
  const age = next % 2 === 0 ? unverified : (committee: Committee) => committee;
  const coming = next === WINDOW ? ABSENT : next === LAST ? undefined : ahead;
  return {
    position: next,
    now: renewed(age(next === LAST ? ahead! : now)),
    ahead: coming && renewed(age(coming)),
  };
}
