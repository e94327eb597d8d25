/**
 * One batch: duties of one kind and slot, from the moment they are planned until each has its outcome. It waits for the
 * head or the due point, holds back while the node or the duties are not to be trusted, fetches what is to be signed
 * over, and hands over. Nothing here waits for a fetch of tables: those are other actors.
 */
import { assign, fromCallback, fromPromise, not, sendParent, sendTo, setup } from 'xstate';
import type { AttestationData, Clock, DutyBatch, HeadRoot, Random } from './ports.js';
import type { ClaimLedger } from './rules/at-most-once.js';
import { epochOf, slotStartMs, type ChainSpec, type Root, type Slot } from './rules/chain-time.js';
import type { Duty, Trigger, ValidatorIndex } from './rules/duties.js';
import {
  cancelledLine,
  deferredLine,
  dueLine,
  executedLine,
  failedLine,
  skippedLines,
  validatorsOf,
} from './rules/duty-lines.js';
import type { CancelReason, DeferralReason, Report, SkipReason } from './rules/event-log.js';
import type { NodeNumber } from './rules/node-choice.js';
import { retryDelayMs } from './rules/retry-delay.js';
import type { KindDefinition } from './rules/role-definition.js';

/** The first head event for a slot. */
export interface SeenHead {
  readonly slot: Slot;
  readonly block: Root;
  /** Unix ms of its arrival. */
  readonly at: number;
  /** The node that told it. */
  readonly node: NodeNumber;
}

export interface ExecutionInput {
  readonly id: string;
  readonly kind: KindDefinition;
  readonly slot: Slot;
  readonly chain: ChainSpec;
  readonly clock: Clock;
  readonly random: Random;
  readonly claims: ClaimLedger;
  readonly dataFetch: boolean;
  readonly headGraceMs: number;
  /** Unix ms; kinds that wait for the head are handed over no later. */
  readonly dueAt: number;
  /** Unix ms after which the batch may no longer start. */
  readonly startBy: number;
  /** Unix ms after which its result is worthless. */
  readonly deadline: number;
  readonly duties: readonly Duty[];
  /** Its hand-over time had passed when it became known. */
  readonly late: boolean;
  readonly head: SeenHead | undefined;
  /** Why the node is not to be trusted now, if so. */
  readonly unfit: DeferralReason | undefined;
  /** Its table is known to be wrong. */
  readonly stale: boolean;
  /** Attestations of its validators for the epoch before are on their way. */
  readonly olderOnTheWay: boolean;
}

/** What the data actor is asked for. */
export interface CollectDataInput {
  readonly kind: KindDefinition;
  readonly slot: Slot;
  readonly chain: ChainSpec;
  /** Asked first: the node whose head triggered; undefined for the best one. */
  readonly node: NodeNumber | undefined;
}

export type CollectedData = AttestationData | HeadRoot;

/** What the hand-over actor is given. It claims the duties, then calls the executor with those granted. */
export interface HandOverInput {
  readonly batch: Omit<DutyBatch, 'duties'>;
  readonly duties: readonly Duty[];
  readonly claims: ClaimLedger;
}

/** What the hand-over actor hears. */
export type HandOverCommand =
  | { type: 'CANCEL'; validators: readonly ValidatorIndex[] }
  /** The deadline has passed: whoever listens to the signals stops. */
  | { type: 'EXPIRE' };

/** What the hand-over actor tells, once. Cancelled duties are not among them. */
export interface HandOverOutcome {
  readonly type: 'OUTCOME';
  readonly executed: readonly ValidatorIndex[];
  readonly failed: ReadonlyMap<string, readonly ValidatorIndex[]>;
  /** Not handed over: claimed meanwhile. */
  readonly refused: ReadonlyMap<SkipReason, readonly ValidatorIndex[]>;
}

/** What the role tells a batch. */
export type ExecutionUpdate =
  | { readonly type: 'HEAD'; readonly head: SeenHead }
  /** Its duties, read anew from the table; those it has and that are not among them are called off. */
  | {
      readonly type: 'DUTIES';
      readonly duties: readonly Duty[];
      readonly stale: boolean;
      readonly reason: CancelReason;
    }
  /** Its table proved wrong. */
  | { readonly type: 'STALE' }
  /** Whether attestations of its validators for the epoch before are on their way. */
  | { readonly type: 'OLDER'; readonly onTheWay: boolean }
  | { readonly type: 'NODE_FITNESS'; readonly unfit: DeferralReason | undefined }
  /** The wall clock was set, or went on while timers slept: whatever waits for an instant looks at the clock again. */
  | { readonly type: 'CLOCK_STEPPED' };

export type DutiesUpdate = ExecutionUpdate & { type: 'DUTIES' };

export interface ExecutionContext extends ExecutionInput {
  readonly trigger: Trigger;
  readonly data: CollectedData | undefined;
  /** Data asked for at the due point, after some that did not vote for the head: taken as it is. */
  readonly dataIsFinal: boolean;
  readonly dataFailures: number;
  readonly handedOverAt: number;
  /** `duty-due` is said once. */
  readonly dueReported: boolean;
  readonly deferredFor: DeferralReason | undefined;
  /** It has waited long enough for older attestations. */
  readonly patienceIsOver: boolean;
}

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

function holdReason({ unfit, stale }: ExecutionContext): DeferralReason | undefined {
  return unfit ?? (stale ? 'duties-stale' : undefined);
}

function offsetMs({ clock, chain, slot }: ExecutionContext): number {
  return clock.now() - slotStartMs(chain, slot);
}

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

function vanishedDuties({ duties }: ExecutionContext, update: DutiesUpdate): Duty[] {
  const left = new Set(update.duties.map((duty) => duty.validatorIndex));
  return duties.filter((duty) => !left.has(duty.validatorIndex));
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

function dueLines(context: ExecutionContext): Report[] {
  return context.dueReported ? [] : [dueLine(context, context.duties, context.trigger, offsetMs(context))];
}

function deferralLines(context: ExecutionContext): Report[] {
  const reason = holdReason(context);
  return reason === undefined || reason === context.deferredFor ? [] : [deferredLine(context, context.duties, reason)];
}

function skipLines(context: ExecutionContext, reason: SkipReason): Report[] {
  // Those called off have their line.
  return context.duties.length === 0 ? [] : skippedLines(context, new Map([[reason, validatorsOf(context.duties)]]));
}

/** Before a batch came due nobody was told of it: `duties-changed` says enough. */
function vanishedLines(context: ExecutionContext, update: DutiesUpdate): Report[] {
  const vanished = vanishedDuties(context, update);
  const announced = context.dueReported || context.deferredFor !== undefined;
  return announced && vanished.length > 0 ? [cancelledLine(context, vanished, update.reason)] : [];
}

/** Who joins a batch that is held back is deferred as the others were. */
function joinedLines(context: ExecutionContext, { duties, stale }: DutiesUpdate): Report[] {
  const reason = holdReason({ ...context, stale });
  if (context.deferredFor === undefined || context.dueReported || reason === undefined) return [];
  const known = new Set(validatorsOf(context.duties));
  const joined = duties.filter((duty) => !known.has(duty.validatorIndex));
  return joined.length === 0 ? [] : [deferredLine(context, joined, reason)];
}

/** None where every duty was called off: their lines have been written. */
function givenUpLines(context: ExecutionContext): Report[] {
  if (context.duties.length === 0) return [];
  return [failedLine(context, validatorsOf(context.duties), 'the executor has not come back since the deadline')];
}

function outcomeLines(context: ExecutionContext, { executed, failed, refused }: HandOverOutcome): Report[] {
  const lines: Report[] = [];
  const tookMs = context.clock.now() - context.handedOverAt;
  if (executed.length > 0) lines.push(executedLine(context, executed, offsetMs(context), tookMs));
  for (const [error, validators] of failed) lines.push(failedLine(context, validators, error));
  return [...lines, ...skippedLines(context, refused)];
}
