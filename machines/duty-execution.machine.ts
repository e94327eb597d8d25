/**
 * One batch: duties of one kind and slot, from the moment they are planned until each has its outcome. It waits for the
 * head or the due point, holds back while the node or the duties are not to be trusted, fetches what is to be signed
 * over, and hands over. Nothing here waits for a fetch of tables: those are other actors.
 */
import { assign, fromCallback, fromPromise, not, sendParent, sendTo, setup } from 'xstate';
import {
  holdReason,
  vanishedDuties,
  type CollectDataInput,
  type CollectedData,
  type DutiesUpdate,
  type ExecutionContext,
  type ExecutionInput,
  type ExecutionUpdate,
  type HandOverCommand,
  type HandOverInput,
  type HandOverOutcome,
  type SeenHead,
} from './duty-execution/execution-context.js';
import {
  deferralLines,
  dueLines,
  givenUpLines,
  joinedLines,
  outcomeLines,
  skipLines,
  vanishedLines,
} from './duty-execution/execution-lines.js';
import { epochOf, slotStartMs, type Root } from './rules/chain-time.js';
import { validatorsOf } from './rules/duty-lines.js';
import type { DeferralReason, Report } from './rules/event-log.js';
import { retryDelayMs } from './rules/retry-delay.js';

/** A duty of the current slot waits this share of a slot for older ones, any other late duty a whole slot. */
const PATIENCE_IN_OWN_SLOT = 1 / 12;

export const dutyExecutionMachine = setup({
  types: {
    context: {} as ExecutionContext,
    input: {} as ExecutionInput,
    events: {} as ExecutionUpdate | HandOverOutcome,
  },
  actors: {
    /** Fetches what is signed over. */
    collectData: fromPromise<CollectedData, CollectDataInput>(() =>
      Promise.reject(new Error('collectData is not provided')),
    ),
    handOver: fromCallback<HandOverCommand, HandOverInput>(() => {
      throw new Error('handOver is not provided');
    }),
  },
  guards: {
    isLate: ({ context }) => context.late,
    isDueAtSlotStart: ({ context }) => context.kind.handover === 'slot-start',
    headHasCome: ({ context }) => context.head !== undefined,
    duePointHasPassed: ({ context }) => context.clock.now() >= context.dueAt,
    graceHasPassed: ({ context }) => context.clock.now() >= (context.head?.at ?? 0) + context.headGraceMs,
    nothingLeft: ({ context }) => context.duties.length === 0,
    isHeldBack: ({ context }) => holdReason(context) !== undefined,
    isTooLate: ({ context }) => context.clock.now() >= context.startBy,
    /** A validator never attests for a lower epoch than before: handed over now, a late duty would cost it an older one. */
    wouldOvertake: ({ context }) => context.trigger === 'late' && context.olderOnTheWay && !context.patienceIsOver,
    needsData: ({ context }) => context.dataFetch && context.kind.data !== null,
    votesForTriggeringHead: ({ context }, { data }: { data: CollectedData }) =>
      context.dataIsFinal || context.trigger !== 'head' || blockOf(data) === context.head?.block,
  },
  actions: {
    /** Provided by whoever keeps the event log. */
    report: (_, _params: { reports: readonly Report[] }) => undefined,
    noteAnnounced: assign({ dueReported: true }),
    noteDeferral: assign({ deferredFor: ({ context }) => holdReason(context) }),
    cancelVanished: sendTo('hand-over', ({ context }, { update }: { update: DutiesUpdate }) => ({
      type: 'CANCEL',
      validators: validatorsOf(vanishedDuties(context, update)),
    })),
    tellTriggered: sendParent(({ context }) => ({ type: 'EXECUTION_TRIGGERED', id: context.id })),
    tellHandedOver: sendParent(({ context }) => ({ type: 'EXECUTION_HANDED_OVER', id: context.id })),
    noteHead: assign({ head: (_, { head }: { head: SeenHead }) => head }),
    noteHeadTrigger: assign({ trigger: 'head' }),
    noteRelease: assign({
      // Released before its due point, a batch that waits for the head has missed nothing yet.
      trigger: ({ context }) =>
        context.kind.handover === 'head' && context.clock.now() < context.dueAt ? context.trigger : 'late',
    }),
    noteDuties: assign((_, { update }: { update: DutiesUpdate }) => ({
      duties: update.duties,
      stale: update.stale,
    })),
    noteStale: assign({ stale: true }),
    noteOlder: assign({ olderOnTheWay: (_, { onTheWay }: { onTheWay: boolean }) => onTheWay }),
    losePatience: assign({ patienceIsOver: true }),
    noteFitness: assign({ unfit: (_, { unfit }: { unfit: DeferralReason | undefined }) => unfit }),
    noteData: assign({ data: (_, { data }: { data: CollectedData }) => data }),
    forgetData: assign({ data: undefined }),
    acceptNextData: assign({ dataIsFinal: true }),
    noteDataFailure: assign({ dataFailures: ({ context }) => context.dataFailures + 1 }),
    noteHandOver: assign({ handedOverAt: ({ context }) => context.clock.now() }),
    expire: sendTo('hand-over', { type: 'EXPIRE' }),
  },
  delays: {
    untilDuePoint: ({ context }) => Math.max(0, context.dueAt - context.clock.now()),
    untilGraceEnds: ({ context }) => Math.max(0, (context.head?.at ?? 0) + context.headGraceMs - context.clock.now()),
    untilPatienceEnds: ({ context }) => patienceMs(context),
    untilStartBy: ({ context }) => Math.max(0, context.startBy - context.clock.now()),
    untilDeadline: ({ context }) => Math.max(0, context.deadline - context.clock.now()),
    // An executor that ignores its signals for a whole slot will not come back.
    untilGivenUp: ({ context }) => Math.max(0, context.deadline + context.chain.slotDurationMs - context.clock.now()),
    dataRetry: ({ context }) => retryDelayMs(context.dataFailures, context.chain.slotDurationMs, context.random()),
  },
}).createMachine({
  id: 'duty-execution',
  description: 'Duties of one kind and slot: waiting, held back, being prepared, handed over, done.',
  context: ({ input }) => ({
    ...input,
    trigger: input.late ? 'late' : input.kind.handover === 'slot-start' ? 'slot-start' : 'deadline',
    data: undefined,
    dataIsFinal: false,
    dataFailures: 0,
    handedOverAt: 0,
    dueReported: false,
    deferredFor: undefined,
    patienceIsOver: false,
  }),
  initial: 'armed',
  on: {
    DUTIES: {
      actions: [
        { type: 'report', params: ({ context, event }) => ({ reports: vanishedLines(context, event) }) },
        { type: 'report', params: ({ context, event }) => ({ reports: joinedLines(context, event) }) },
        { type: 'noteDuties', params: ({ event }) => ({ update: event }) },
      ],
    },
    STALE: { actions: 'noteStale' },
    OLDER: { actions: { type: 'noteOlder', params: ({ event }) => ({ onTheWay: event.onTheWay }) } },
    NODE_FITNESS: { actions: { type: 'noteFitness', params: ({ event }) => ({ unfit: event.unfit }) } },
  },
  states: {
    armed: {
      description: 'Planned; waiting for the head of its slot, or the due point.',
      always: [
        { guard: 'isLate', target: 'due' },
        { guard: 'isDueAtSlotStart', target: 'due' },
        { guard: 'duePointHasPassed', target: 'due' },
        { guard: 'headHasCome', target: 'grace' },
      ],
      on: {
        HEAD: { target: 'grace', actions: { type: 'noteHead', params: ({ event }) => ({ head: event.head }) } },
        CLOCK_STEPPED: { target: 'armed', reenter: true },
      },
      after: { untilDuePoint: 'due' },
    },
    grace: {
      description: 'The head is there; the operator may have asked for a pause.',
      always: { guard: 'graceHasPassed', target: 'due', actions: 'noteHeadTrigger' },
      on: { CLOCK_STEPPED: { target: 'grace', reenter: true } },
      after: {
        untilGraceEnds: { target: 'due', actions: 'noteHeadTrigger' },
        untilDuePoint: 'due',
      },
    },
    due: {
      description: 'The instant of the hand-over has come.',
      always: [
        { guard: 'nothingLeft', target: 'done' },
        {
          guard: 'isTooLate',
          target: 'done',
          actions: { type: 'report', params: ({ context }) => ({ reports: skipLines(context, 'deadline-passed') }) },
        },
        { guard: 'isHeldBack', target: 'held' },
        {
          guard: 'needsData',
          target: 'collecting',
          actions: [
            { type: 'report', params: ({ context }) => ({ reports: dueLines(context) }) },
            'noteAnnounced',
            'tellTriggered',
          ],
        },
        {
          target: 'ready',
          actions: [
            { type: 'report', params: ({ context }) => ({ reports: dueLines(context) }) },
            'noteAnnounced',
            'tellTriggered',
          ],
        },
      ],
    },
    held: {
      description: 'Due, but the node or the duties are not to be trusted now.',
      entry: [
        { type: 'report', params: ({ context }) => ({ reports: deferralLines(context) }) },
        'noteDeferral',
        'forgetData',
      ],
      always: [
        { guard: 'nothingLeft', target: 'done' },
        { guard: not('isHeldBack'), target: 'due', actions: 'noteRelease' },
      ],
      on: { CLOCK_STEPPED: { target: 'held', reenter: true } },
      after: {
        untilStartBy: {
          target: 'done',
          actions: {
            type: 'report',
            params: ({ context }) => ({ reports: skipLines(context, holdReason(context) ?? 'deadline-passed') }),
          },
        },
      },
    },
    collecting: {
      // No longer than a request may take: a step of the clock meanwhile is seen at its end.
      description: 'Fetching what is to be signed over.',
      always: { guard: 'nothingLeft', target: 'done' },
      invoke: {
        id: 'data',
        src: 'collectData',
        input: ({ context }) => dataRequest(context),
        onDone: [
          {
            guard: { type: 'votesForTriggeringHead', params: ({ event }) => ({ data: event.output }) },
            target: 'ready',
            actions: { type: 'noteData', params: ({ event }) => ({ data: event.output }) },
          },
          { target: 'awaiting-due-point' },
        ],
        onError: { target: 'awaiting-data', actions: 'noteDataFailure' },
      },
      after: {
        untilStartBy: {
          target: 'done',
          actions: { type: 'report', params: ({ context }) => ({ reports: skipLines(context, 'data-unavailable') }) },
        },
      },
    },
    'awaiting-due-point': {
      description: 'The data does not vote for the head that triggered: it is asked for again at the due point.',
      exit: 'acceptNextData',
      always: { guard: 'nothingLeft', target: 'done' },
      on: { CLOCK_STEPPED: { target: 'awaiting-due-point', reenter: true } },
      after: { untilDuePoint: 'collecting' },
    },
    'awaiting-data': {
      description: 'The data could not be fetched; it is asked for again after a growing pause.',
      always: [
        { guard: 'nothingLeft', target: 'done' },
        { guard: 'isHeldBack', target: 'held' },
      ],
      on: { CLOCK_STEPPED: { target: 'awaiting-data', reenter: true } },
      after: {
        dataRetry: 'collecting',
        untilStartBy: {
          target: 'done',
          actions: { type: 'report', params: ({ context }) => ({ reports: skipLines(context, 'data-unavailable') }) },
        },
      },
    },
    ready: {
      description: 'Everything is there; the data may have come after a suspension.',
      always: [
        {
          guard: 'isTooLate',
          target: 'done',
          actions: { type: 'report', params: ({ context }) => ({ reports: skipLines(context, 'deadline-passed') }) },
        },
        { guard: 'isHeldBack', target: 'held' },
        { guard: 'wouldOvertake', target: 'awaiting-older' },
        { target: 'executing' },
      ],
    },
    'awaiting-older': {
      description: 'Late; attestations of its validators for the epoch before are handed over first.',
      always: [
        { guard: 'nothingLeft', target: 'done' },
        { guard: 'isHeldBack', target: 'held' },
        { guard: not('wouldOvertake'), target: 'ready' },
      ],
      on: { CLOCK_STEPPED: { target: 'awaiting-older', reenter: true } },
      after: { untilPatienceEnds: { target: 'ready', actions: 'losePatience' } },
    },
    executing: {
      description: 'Handed over to the executor.',
      entry: 'noteHandOver',
      invoke: {
        id: 'hand-over',
        src: 'handOver',
        input: ({ context }) => ({ batch: batchOf(context), duties: context.duties, claims: context.claims }),
      },
      on: {
        DUTIES: {
          actions: [
            { type: 'report', params: ({ context, event }) => ({ reports: vanishedLines(context, event) }) },
            { type: 'cancelVanished', params: ({ event }) => ({ update: event }) },
            { type: 'noteDuties', params: ({ event }) => ({ update: event }) },
          ],
        },
        OUTCOME: {
          target: 'done',
          actions: { type: 'report', params: ({ context, event }) => ({ reports: outcomeLines(context, event) }) },
        },
      },
      initial: 'running',
      states: {
        running: {
          description: 'The executor works, until its deadline with a good reason.',
          // Said in here, behind the start of the hand-over: its duties are claimed by then.
          entry: 'tellHandedOver',
          on: { CLOCK_STEPPED: { target: 'running', reenter: true } },
          after: {
            untilDeadline: { actions: 'expire' },
            untilGivenUp: {
              target: '#duty-execution.done',
              actions: { type: 'report', params: ({ context }) => ({ reports: givenUpLines(context) }) },
            },
          },
        },
      },
    },
    done: { type: 'final', description: 'Every duty has its outcome.' },
  },
});

/** Ms to wait for older attestations: never more than half of the time that is left. */
function patienceMs({ clock, chain, slot, startBy }: ExecutionContext): number {
  const now = clock.now();
  const isOfThisSlot = now < slotStartMs(chain, slot + 1);
  const longest = chain.slotDurationMs * (isOfThisSlot ? PATIENCE_IN_OWN_SLOT : 1);
  return Math.max(0, Math.min(longest, (startBy - now) / 2));
}

function dataRequest({ kind, slot, chain, trigger, head, dataIsFinal }: ExecutionContext): CollectDataInput {
  return { kind, slot, chain, node: trigger === 'head' && !dataIsFinal ? head?.node : undefined };
}

/** Root of the block that the data votes for. */
function blockOf(data: CollectedData): Root {
  return 'beaconBlockRoot' in data ? data.beaconBlockRoot : data.root;
}

function batchOf({
  kind,
  slot,
  chain,
  trigger,
  head,
  dueAt,
  deadline,
  data,
}: ExecutionContext): HandOverInput['batch'] {
  return {
    kind: kind.kind,
    slot,
    epoch: epochOf(chain, slot),
    trigger,
    headBlock: trigger === 'head' ? head?.block : undefined,
    dueAt,
    deadline,
    data,
  };
}
