import { assign, not, setup, stateIn } from 'xstate';

export const VALIDATORS_EVENTS = [
  'known',
  'other added',
  'exited',
  'removed',
  'liquidated',
  'reactivated',
  'tick',
  'tick at a quarter',
  'half a slot',
  'answer',
  'failure',
  'pause',
] as const;
export type ValidatorsEvent = { type: (typeof VALIDATORS_EVENTS)[number] };

interface Registered {
  /** The validator of the start; `before`: the source has not spoken. */
  readonly one: 'before' | 'in' | 'liquidated' | 'gone';
  /** Its index has been learned. */
  readonly learned: boolean;
  /** Another one, which the node does not know. */
  readonly other: boolean;
  /** Names being looked up, and names to be looked up next: of `one`, `other`. */
  readonly asked: Names;
  readonly pending: Names;
  /** What the scheduler was told last: the one came, went, or neither. */
  readonly last: 'nothing' | 'came' | 'went' | 'neither';
}

interface Names {
  readonly one: boolean;
  readonly other: boolean;
}

const NOBODY: Names = { one: false, other: false };
const isThere = ({ one }: Registered) => one === 'in' || one === 'liquidated';
const either = (a: Names, b: Names): Names => ({ one: a.one || b.one, other: a.other || b.other });

/** The registry (SPEC §4, §8): who is unknown is asked for in every slot, everyone once an epoch, and each change is told. */
export const validatorsSpec = setup({
  types: { context: {} as Registered, events: {} as ValidatorsEvent },
  guards: {
    hasPending: ({ context: { pending } }) => pending.one || pending.other,
    isThere: ({ context }) => isThere(context),
    hasSpoken: ({ context }) => context.one !== 'before',
  },
  actions: {
    wantOne: assign({ pending: ({ context }) => ({ ...context.pending, one: true }) }),
    wantUnknown: assign({
      pending: ({ context }) =>
        either(context.pending, {
          one: isThere(context) && !context.learned && !context.asked.one,
          other: context.other && !context.asked.other,
        }),
    }),
    wantAll: assign({ pending: ({ context }) => ({ one: isThere(context), other: context.other }) }),
    ask: assign({ asked: ({ context }) => context.pending, pending: NOBODY }),
    askAgain: assign({ pending: ({ context: { asked, pending } }) => either(asked, pending), asked: NOBODY }),
    learn: assign(({ context }) => {
      const isNew = context.asked.one && isThere(context) && !context.learned;
      return {
        asked: NOBODY,
        learned: context.learned || isNew,
        last: isNew && context.one === 'in' ? ('came' as const) : ('neither' as const),
      };
    }),
  },
}).createMachine({
  type: 'parallel',
  context: { one: 'before', learned: false, other: false, asked: NOBODY, pending: NOBODY, last: 'nothing' },
  on: {
    known: { guard: ({ context }) => context.one === 'before', actions: [assign({ one: 'in' }), 'wantOne'] },
    'other added': {
      // Once the set at the start is known, to keep the number of paths in bounds.
      guard: ({ context }) => context.learned && !context.other,
      actions: assign({ other: true, pending: ({ context }) => ({ ...context.pending, other: true }) }),
    },
    exited: { guard: 'isThere', actions: 'wantOne' },
    removed: {
      guard: 'isThere',
      actions: assign(({ context }) => ({
        one: 'gone' as const,
        learned: false,
        last: context.learned ? ('went' as const) : ('neither' as const),
      })),
    },
    liquidated: {
      guard: ({ context }) => context.one === 'in',
      actions: assign(({ context }) => ({
        one: 'liquidated' as const,
        last: context.learned ? ('went' as const) : ('neither' as const),
      })),
    },
    reactivated: {
      guard: ({ context }) => context.one === 'liquidated',
      actions: [
        assign(({ context }) => ({
          one: 'in' as const,
          last: context.learned ? ('came' as const) : ('neither' as const),
        })),
        'wantOne',
      ],
    },
  },
  states: {
    'look-up': {
      initial: 'idle',
      states: {
        idle: { always: { guard: 'hasPending', target: 'asking' } },
        asking: {
          entry: 'ask',
          on: {
            answer: { target: 'idle', actions: 'learn' },
            failure: { target: 'waiting', actions: 'askAgain' },
          },
        },
        waiting: { on: { pause: 'idle' } },
      },
    },
    calendar: {
      initial: 'waiting',
      states: {
        waiting: {
          on: {
            tick: { guard: 'hasSpoken', actions: 'wantUnknown' },
            'tick at a quarter': { guard: 'hasSpoken', target: 'refreshing', actions: 'wantUnknown' },
          },
        },
        refreshing: {
          on: {
            tick: { target: 'waiting', actions: 'wantAll' },
            // The pause after a failure is shorter.
            'half a slot': {
              guard: not(stateIn({ 'look-up': 'waiting' })),
              target: 'waiting',
              actions: 'wantAll',
            },
          },
        },
      },
    },
  },
});
