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

/** What tells the execution of one role from that of another. */
export interface ExecutionVariant {
  /** Handed over with the head or at the due point; else at the slot's start. */
  readonly waitsForHead: boolean;
  /** Its table names the root that it follows from: a re-org proves it wrong, and its duties wait. */
  readonly hasRoot: boolean;
  /** What is not done by the end of its slot is called off. */
  readonly endsWithSlot: boolean;
  /** There is a duty in every slot, the first one included; else in the odd ones. */
  readonly everySlot: boolean;
}

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

/** Duties of a role beside its table, as the contract tells it (SPEC §6). The head of the first slot has come. */
export const executionSpec = ({ waitsForHead, hasRoot, endsWithSlot, everySlot }: ExecutionVariant) => {
  const slotAfter = (context: Execution, batch: 'none' | 'armed'): Execution => {
    const next = afterSlot(context, batch);
    return endsWithSlot ? { ...next, running: false } : next;
  };
  const slotWithDuty = (context: Execution): Execution => {
    const armed = slotAfter(context, 'armed');
    return waitsForHead ? armed : comeDue(armed);
  };
  return setup({
    types: { context: {} as Execution, events: {} as ExecutionModelEvent },
    guards: {
      isExecuting: ({ context }) => context.batch !== 'none' || context.running,
      isStale: ({ context }) => context.stale,
      isWaiting: ({ context: { batch } }) => batch === 'armed' || batch === 'empty',
      mayTick: ({ context: { staleTicks } }) => staleTicks < 1,
      // From a slot without a duty, the next one without comes after one with.
      mayTickToEven: ({ context: { odd, staleTicks } }) => !everySlot && odd && staleTicks < 1,
    },
  }).createMachine({
    type: 'parallel',
    context: { odd: everySlot, batch: 'none', running: everySlot, stale: false, staleTicks: 0, unfit: false },
    on: {
      tick: { guard: 'mayTickToEven', actions: assign(({ context }) => slotAfter(context, 'none')) },
      'tick with a duty': { guard: 'mayTick', actions: assign(({ context }) => slotWithDuty(context)) },
      head: { actions: assign(({ context }) => comeDue(context)) },
      'due point': { guard: 'isWaiting', actions: assign(({ context }) => comeDue(context)) },
      'step beyond the due point': { guard: 'isWaiting', actions: assign(({ context }) => comeDue(context)) },
      unfit: { guard: ({ context }) => !context.unfit, actions: assign({ unfit: true }) },
      fit: {
        guard: ({ context }) => context.unfit,
        actions: assign(({ context }) => released({ ...context, unfit: false })),
      },
      reorg: { guard: ({ context }) => !context.stale, actions: assign({ stale: hasRoot }) },
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
};

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
