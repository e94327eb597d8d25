import { assign, setup } from 'xstate';

export const BATCH_EVENTS = [
  'head',
  'grace ends',
  'due point',
  'last chance',
  'deadline',
  'long after the deadline',
  'sleep',
  'distrust',
  'trust',
  'one leaves',
  'all leave',
  'data for the head',
  'other data',
  'no data',
  'retry',
  'older handed over',
  'patience ends',
  'outcome',
] as const;
export type BatchEvent = { type: (typeof BATCH_EVENTS)[number] };

/** What kind of batch, and what was known when it was armed. */
export interface BatchVariant {
  readonly name: string;
  readonly waitsForHead: boolean;
  readonly collects: boolean;
  /** Until after the due point: a pause that never ends by itself. */
  readonly longGrace?: boolean;
  readonly noGrace?: boolean;
  readonly late?: boolean;
  /** When it is armed; else at the start of its slot. */
  readonly armedAt?: 'due point' | 'last chance';
  /** The head came before the tick. */
  readonly headKnown?: boolean;
  /** Attestations of its validators for the epoch before are on their way. */
  readonly olderOnTheWay?: boolean;
  /** What befalls it, beside the course of things: few at a time, to keep the number of paths in bounds. */
  readonly troubles: readonly Trouble[];
}

export type Trouble = 'node not trusted' | 'table not trusted' | 'one leaves' | 'all leave' | 'sleep';

/** The last line that the event log has of a duty. */
export type Fate = 'untold' | 'due' | 'deferred' | 'cancelled' | 'skipped' | 'executed' | 'failed';

interface Batch {
  /** The last of its moments that has passed. */
  readonly passed: 'nothing' | 'due point' | 'last chance' | 'deadline';
  readonly trusted: boolean;
  /** Of its two duties. */
  readonly left: 0 | 1 | 2;
  /** Duties that the executor was called with. */
  readonly handedOver: 0 | 1 | 2;
  readonly trigger: 'slot-start' | 'head' | 'deadline' | 'late';
  /** The data is taken whatever it votes for. */
  readonly dataIsFinal: boolean;
  /** Of the duty that stays longest, and of the one that may leave before it. */
  readonly fate: Fate;
  readonly fateOfOne: Fate;
  readonly announced: boolean;
  readonly deferred: boolean;
  /** Late, it lets older ones go first. */
  readonly letsOlderGo: boolean;
}

/** One batch of two duties, as the contract tells it (SPEC §6): at its moment, once, and never when it must not be. */
export function batchSpec(variant: BatchVariant) {
  const { waitsForHead, collects, longGrace, noGrace, late, armedAt, headKnown, olderOnTheWay, troubles } = variant;
  const mayBeDistrusted = troubles.includes('node not trusted') || troubles.includes('table not trusted');
  const spec = setup({
    types: { context: {} as Batch, events: {} as BatchEvent },
    guards: {
      isEarly: ({ context }) => context.passed === 'nothing',
      isDue: ({ context }) => context.passed === 'due point',
      isOver: ({ context }) => context.passed === 'last chance',
      isLong: ({ context }) => context.passed === 'deadline',
      maySleep: ({ context }) => troubles.includes('sleep') && hasChance(context),
      isTrusted: ({ context }) => context.trusted,
      mayBeDistrusted: ({ context }) => mayBeDistrusted && context.trusted,
      isDistrusted: ({ context }) => !context.trusted,
      isTooLate: ({ context }) => !hasChance(context),
      isEmpty: ({ context }) => context.left === 0,
      letsOlderGo: ({ context }) => context.letsOlderGo && context.trigger === 'late',
      mayGoOn: ({ context }) => !context.letsOlderGo,
      asksOnce: ({ context }) => context.dataIsFinal || context.trigger !== 'head',
    },
    actions: {
      passDuePoint: assign({ passed: 'due point' }),
      passLastChance: assign({ passed: 'last chance' }),
      passDeadline: assign({ passed: 'deadline' }),
      triggerByHead: assign({ trigger: 'head' }),
      // Released before its due point, a batch that waits for the head has missed nothing yet.
      release: assign({
        trigger: ({ context: { passed, trigger } }) => (waitsForHead && passed === 'nothing' ? trigger : 'late'),
      }),
      announce: assign(({ context }) => ({ ...(context.announced ? {} : told(context, 'due')), announced: true })),
      defer: assign(({ context }) => ({ ...(context.deferred ? {} : told(context, 'deferred')), deferred: true })),
      skip: assign(({ context }) => told(context, 'skipped')),
      execute: assign(({ context }) => told(context, 'executed')),
      giveUp: assign(({ context }) => told(context, 'failed')),
      handOver: assign({ handedOver: ({ context }) => context.left }),
      acceptAnyData: assign({ dataIsFinal: true }),
      loseOne: assign(({ context }) => leaving(context, 1)),
      loseAll: assign(({ context }) => leaving(context, 0)),
      goOn: assign({ letsOlderGo: false }),
      trust: assign({ trusted: true }),
      distrust: assign({ trusted: false }),
    },
  });
  /** Without a duty there is nothing to wait for. */
  const endsEmpty = { guard: 'isEmpty', target: 'done' } as const;
  const holdsBack = { guard: 'isDistrusted', target: 'held' } as const;

  return spec.createMachine({
    context: {
      passed: armedAt ?? 'nothing',
      trusted: true,
      left: 2,
      handedOver: 0,
      trigger: late ? 'late' : waitsForHead ? 'deadline' : 'slot-start',
      dataIsFinal: false,
      fate: 'untold',
      fateOfOne: 'untold',
      announced: false,
      deferred: false,
      letsOlderGo: olderOnTheWay === true,
    },
    initial: late === true || !waitsForHead || armedAt !== undefined ? 'due' : headKnown === true ? 'grace' : 'armed',
    on: {
      'due point': { guard: 'isEarly', actions: 'passDuePoint' },
      sleep: { guard: 'maySleep', actions: 'passLastChance' },
      distrust: { guard: 'mayBeDistrusted', actions: 'distrust' },
      trust: { guard: 'isDistrusted', actions: 'trust' },
      'older handed over': { guard: 'letsOlderGo', actions: 'goOn' },
      'one leaves': {
        guard: ({ context }) => troubles.includes('one leaves') && context.left === 2,
        actions: 'loseOne',
      },
      'all leave': {
        guard: ({ context }) => troubles.includes('all leave') && context.left > 0,
        actions: 'loseAll',
      },
    },
    states: {
      armed: {
        on: {
          head: { target: 'grace' },
          'due point': { guard: 'isEarly', target: 'due', actions: 'passDuePoint' },
          sleep: { guard: 'maySleep', target: 'due', actions: 'passLastChance' },
        },
      },
      grace: {
        always: { guard: () => noGrace === true, target: 'due', actions: 'triggerByHead' },
        on: {
          'grace ends': { guard: () => longGrace !== true, target: 'due', actions: 'triggerByHead' },
          // A shorter grace is over before it.
          'due point': longGrace ? { target: 'due', actions: 'passDuePoint' } : {},
          sleep: { guard: 'maySleep', target: 'due', actions: ['triggerByHead', 'passLastChance'] },
        },
      },
      due: {
        always: [
          endsEmpty,
          { guard: 'isTooLate', target: 'done', actions: 'skip' },
          holdsBack,
          { guard: () => collects, target: 'collecting', actions: 'announce' },
          { target: 'ready', actions: 'announce' },
        ],
      },
      held: {
        entry: 'defer',
        always: [endsEmpty, { guard: 'isTrusted', target: 'due', actions: 'release' }],
        on: {
          'last chance': { guard: 'isDue', target: 'done', actions: ['skip', 'passLastChance'] },
          sleep: { guard: 'maySleep', target: 'done', actions: ['skip', 'passLastChance'] },
        },
      },
      collecting: {
        always: endsEmpty,
        on: {
          'data for the head': 'ready',
          'other data': [{ guard: 'asksOnce', target: 'ready' }, { target: 'awaiting-due-point' }],
          'no data': [{ guard: 'isTooLate', target: 'done', actions: 'skip' }, { target: 'awaiting-data' }],
          'last chance': { guard: 'isDue', target: 'done', actions: ['skip', 'passLastChance'] },
        },
      },
      'awaiting-due-point': {
        exit: 'acceptAnyData',
        always: [
          endsEmpty,
          { guard: 'isTooLate', target: 'done', actions: 'skip' },
          { guard: 'isDue', target: 'collecting' },
        ],
      },
      'awaiting-data': {
        always: [endsEmpty, holdsBack],
        on: {
          retry: 'collecting',
          // It asks again long before it.
          'due point': {},
          sleep: { guard: 'maySleep', target: 'done', actions: ['skip', 'passLastChance'] },
        },
      },
      ready: {
        always: [
          { guard: 'isTooLate', target: 'done', actions: 'skip' },
          holdsBack,
          { guard: 'letsOlderGo', target: 'awaiting-older' },
          { target: 'executing' },
        ],
      },
      'awaiting-older': {
        always: [endsEmpty, holdsBack, { guard: 'mayGoOn', target: 'ready' }],
        on: {
          'patience ends': { target: 'ready', actions: 'goOn' },
          // Its patience ends long before it.
          'due point': {},
          sleep: { guard: 'maySleep', target: 'done', actions: ['skip', 'passLastChance'] },
        },
      },
      executing: {
        entry: 'handOver',
        on: {
          'last chance': { guard: 'isDue', actions: 'passLastChance' },
          deadline: { guard: 'isOver', actions: 'passDeadline' },
          // What is with the executor is no longer held back.
          distrust: {},
          outcome: { target: 'done', actions: 'execute' },
          'long after the deadline': { guard: 'isLong', target: 'done', actions: 'giveUp' },
        },
      },
      done: { type: 'final' },
    },
  });
}

function hasChance({ passed }: Batch): boolean {
  return passed === 'nothing' || passed === 'due point';
}

/** A line on the duties that are left. */
function told({ left }: Batch, fate: Fate): Partial<Batch> {
  if (left === 0) return {};
  return left === 2 ? { fate, fateOfOne: fate } : { fate };
}

/** Before a batch came due nobody was told of it, so that nothing is called off. */
function leaving(context: Batch, left: 0 | 1): Partial<Batch> {
  if (!context.announced && !context.deferred) return { left };
  if (left === 1) return { left, fateOfOne: 'cancelled' };
  return { left, ...told(context, 'cancelled') };
}
