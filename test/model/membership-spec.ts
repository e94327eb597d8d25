import { assign, setup } from 'xstate';

export const MEMBERSHIP_EVENTS = [
  'due point',
  'data',
  'done',
  'unfit',
  'fit',
  'removed',
  'added again',
  'liquidated',
  'reactivated',
] as const;
export type MembershipEvent = { type: (typeof MEMBERSHIP_EVENTS)[number] };

/** What tells the roles apart here. */
export interface RoleTraits {
  /** It waits for the head or the due point, and for data; else it is handed over at its slot's start. */
  readonly waits: boolean;
}

interface Member {
  readonly is: 'in' | 'removed' | 'liquidated';
  readonly isDue: boolean;
  readonly unfit: boolean;
  /** Its duty of this slot, as far as it was not called off. */
  readonly duty: 'none' | 'armed' | 'held' | 'collecting';
  /** A batch waits for its moment with nobody in it. */
  readonly emptyBatch: boolean;
  /** It was handed over in this slot, which it never is again. */
  readonly claimed: boolean;
  /** Something is with the executor; it was told to stop. */
  readonly running: boolean;
  readonly calledOff: boolean;
}

/** A validator with a duty in this slot leaves and comes back (SPEC §8): nothing of it goes on, nothing is done twice. */
export function membershipSpec({ waits }: RoleTraits) {
  /** What becomes of a duty whose moment has come. */
  const due = (member: Member): Member => {
    if (member.unfit) return { ...member, duty: 'held' };
    if (waits) return { ...member, duty: 'collecting' };
    return { ...member, duty: 'none', claimed: true, running: true };
  };
  const gone = (member: Member, is: Member['is']): Member => ({
    ...member,
    is,
    duty: 'none',
    emptyBatch: member.emptyBatch || member.duty === 'armed',
    calledOff: member.calledOff || member.running,
  });
  const back = (member: Member): Member => {
    const returned = { ...member, is: 'in' as const };
    if (member.claimed) return returned;
    if (member.isDue || !waits) return due(returned);
    return { ...returned, duty: 'armed', emptyBatch: false };
  };

  return setup({
    types: { context: {} as Member, events: {} as MembershipEvent },
    guards: {
      isThere: ({ context }) => context.is === 'in',
      isExecuting: ({ context }) => isExecuting(context),
      isIdle: ({ context }) => !isExecuting(context),
    },
  }).createMachine({
    context: () => {
      const start: Member = {
        is: 'in',
        isDue: false,
        unfit: false,
        duty: 'armed',
        emptyBatch: false,
        claimed: false,
        running: false,
        calledOff: false,
      };
      return waits ? start : due(start);
    },
    initial: 'executing',
    on: {
      'due point': {
        guard: ({ context }) => !context.isDue,
        actions: assign(({ context }) => {
          const passed = { ...context, isDue: true, emptyBatch: false };
          return context.duty === 'armed' ? due(passed) : passed;
        }),
      },
      data: {
        guard: ({ context }) => context.duty === 'collecting',
        actions: assign(({ context }) =>
          context.unfit
            ? { duty: 'held' as const }
            : { duty: 'none' as const, claimed: true, running: true, calledOff: false },
        ),
      },
      done: {
        guard: ({ context }) => context.running,
        actions: assign({ running: false, calledOff: false }),
      },
      unfit: { guard: ({ context }) => !context.unfit, actions: assign({ unfit: true }) },
      fit: {
        guard: ({ context }) => context.unfit,
        actions: assign(({ context }) => {
          const trusted = { ...context, unfit: false };
          return context.duty === 'held' ? due(trusted) : trusted;
        }),
      },
      removed: { guard: 'isThere', actions: assign(({ context }) => gone(context, 'removed')) },
      liquidated: { guard: 'isThere', actions: assign(({ context }) => gone(context, 'liquidated')) },
      'added again': {
        guard: ({ context }) => context.is === 'removed',
        actions: assign(({ context }) => back(context)),
      },
      reactivated: {
        guard: ({ context }) => context.is === 'liquidated',
        actions: assign(({ context }) => back(context)),
      },
    },
    states: {
      executing: { always: { guard: 'isIdle', target: 'idle' } },
      idle: { always: { guard: 'isExecuting', target: 'executing' } },
    },
  });
}

function isExecuting({ duty, emptyBatch, running }: Member): boolean {
  return duty !== 'none' || emptyBatch || running;
}
