import { assign, setup } from 'xstate';

export const EXECUTION_EVENTS = [
  'tick',
  'tick with a duty',
  'head',
  'due point',
  'step beyond the due point',
  'unfit',
  'fit',
  'reorg',
  'answer',
  'answer without the duty',
  'crash',
  'done',
] as const;
export type ExecutionModelEvent = { type: (typeof EXECUTION_EVENTS)[number] };

interface Execution {
  /** The slot is one with a duty. */
  readonly odd: boolean;
  /** Of the current slot; `empty`: a re-org took its duty, and its moment has not come. */
  readonly batch: 'none' | 'armed' | 'empty' | 'held';
  /** Something is with the executor. */
  readonly running: boolean;
  readonly stale: boolean;
  /** Ticks since the table proved wrong: its request is given up some slots later, which is another story. */
  readonly staleTicks: number;
  readonly unfit: boolean;
}

/** Attestations of a role, as the contract tells it (SPEC §6): one in every odd slot, none in the even ones. */
export const executionSpec = setup({
  types: { context: {} as Execution, events: {} as ExecutionModelEvent },
  guards: {
    isExecuting: ({ context }) => context.batch !== 'none' || context.running,
    isStale: ({ context }) => context.stale,
    isWaiting: ({ context: { batch } }) => batch === 'armed' || batch === 'empty',
    mayTick: ({ context: { staleTicks } }) => staleTicks < 1,
    // From a slot without a duty, the next one without comes after one with.
    mayTickToEven: ({ context: { odd, staleTicks } }) => odd && staleTicks < 1,
  },
}).createMachine({
  type: 'parallel',
  context: { odd: false, batch: 'none', running: false, stale: false, staleTicks: 0, unfit: false },
  on: {
    tick: { guard: 'mayTickToEven', actions: assign(({ context }) => afterSlot(context, 'none')) },
    'tick with a duty': { guard: 'mayTick', actions: assign(({ context }) => afterSlot(context, 'armed')) },
    head: { actions: assign(({ context }) => comeDue(context)) },
    'due point': { guard: 'isWaiting', actions: assign(({ context }) => comeDue(context)) },
    'step beyond the due point': { guard: 'isWaiting', actions: assign(({ context }) => comeDue(context)) },
    unfit: { guard: ({ context }) => !context.unfit, actions: assign({ unfit: true }) },
    fit: {
      guard: ({ context }) => context.unfit,
      actions: assign(({ context }) => released({ ...context, unfit: false })),
    },
    reorg: { guard: ({ context }) => !context.stale, actions: assign({ stale: true }) },
    answer: {
      guard: 'isStale',
      actions: assign(({ context }) => released({ ...context, stale: false, staleTicks: 0 })),
    },
    'answer without the duty': {
      guard: ({ context }) => context.stale && (context.batch === 'armed' || context.batch === 'held'),
      actions: assign(({ context: { batch } }) => ({
        batch: batch === 'armed' ? ('empty' as const) : ('none' as const),
        stale: false,
        staleTicks: 0,
      })),
    },
    crash: {
      guard: ({ context: { batch, stale, unfit } }) => batch === 'armed' && !stale && !unfit,
      actions: assign({ batch: 'none' }),
    },
    done: { guard: ({ context }) => context.running, actions: assign({ running: false }) },
  },
  states: {
    schedule: {
      initial: 'scheduled',
      states: {
        scheduled: { always: { guard: 'isStale', target: 'refetching-after-reorg' } },
        'refetching-after-reorg': { always: { guard: ({ context }) => !context.stale, target: 'scheduled' } },
      },
    },
    execution: {
      initial: 'idle',
      states: {
        idle: { always: { guard: 'isExecuting', target: 'executing' } },
        executing: {
          always: { guard: ({ context: { batch, running } }) => batch === 'none' && !running, target: 'idle' },
        },
      },
    },
  },
});

/** Handed over, unless it must not be. */
function comeDue(context: Execution): Execution {
  if (context.batch === 'empty') return { ...context, batch: 'none' };
  return context.batch === 'armed' ? released({ ...context, batch: 'held' }) : context;
}

function released(context: Execution): Execution {
  const isFree = context.batch === 'held' && !context.stale && !context.unfit;
  return isFree ? { ...context, batch: 'none', running: true } : context;
}

/** The slot ends: what waited came due on the way, and what is held then is skipped. */
function afterSlot(context: Execution, batch: 'none' | 'armed'): Execution {
  return {
    ...comeDue(context),
    odd: batch === 'armed',
    batch,
    staleTicks: context.staleTicks + (context.stale ? 1 : 0),
  };
}
