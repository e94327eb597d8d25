/**
 * Keeps the registry of validators: takes in what the validator source says, looks up index and status at the beacon
 * node, and tells the scheduler every change. Only validators the node knows take part: one unknown index makes real
 * nodes refuse a whole request.
 */
import { assign, fromCallback, fromPromise, sendParent, setup } from 'xstate';
import type { Clock, Random } from './ports.js';
import { epochOf, positionInEpoch, type ChainSpec, type Slot } from './rules/chain-time.js';
import type { ValidatorIndex } from './rules/duties.js';
import type { Diagnostic, Report, ValidatorChangeCause } from './rules/event-log.js';
import { Registry } from './rules/registry.js';
import { retryDelayMs } from './rules/retry-delay.js';
import {
  applySourceEvent,
  learnRecords,
  type LearnedChange,
  type ValidatorSourceEvent,
} from './rules/validator-changes.js';
import type { ValidatorId, ValidatorRecord } from './rules/validators.js';

export interface ValidatorsInput {
  readonly chain: ChainSpec;
  readonly clock: Clock;
  readonly random: Random;
}

/** What the registry tells the scheduler. */
export type ValidatorsMessage =
  | { type: 'VALIDATORS_COUNTED'; count: number }
  | {
      type: 'REGISTRY_CHANGED';
      registry: Registry;
      added: readonly ValidatorIndex[];
      removed: readonly ValidatorIndex[];
      /** The set at the start was looked up: what follows is warm-up, no change. */
      initial: boolean;
    };

export interface ValidatorsContext extends ValidatorsInput {
  readonly registry: Registry;
  readonly slot: Slot;
  /** To be looked up. */
  readonly pending: ReadonlySet<ValidatorId>;
  /** Being looked up. */
  readonly asked: ReadonlySet<ValidatorId>;
  /** Added by an event, and not yet known to the node. */
  readonly announced: ReadonlySet<ValidatorId>;
  /** The set at the start has been looked up. */
  readonly filled: boolean;
  readonly failures: number;
  /** The change that is being told. */
  readonly change: Omit<ValidatorsMessage & { type: 'REGISTRY_CHANGED' }, 'type' | 'registry'>;
  readonly lines: LearnedChange['lines'];
}

export type ValidatorsEvent = ValidatorSourceEvent | { type: 'TICK'; slot: Slot };

export const validatorsMachine = setup({
  types: {
    context: {} as ValidatorsContext,
    input: {} as ValidatorsInput,
    events: {} as ValidatorsEvent,
  },
  actors: {
    validatorSource: fromCallback<ValidatorSourceEvent>(() => {
      throw new Error('validatorSource is not provided');
    }),
    lookUpValidators: fromPromise<ValidatorRecord[], readonly ValidatorId[]>(() =>
      Promise.reject(new Error('lookUpValidators is not provided')),
    ),
  },
  guards: {
    hasPending: ({ context }) => context.pending.size > 0,
    isRefreshSlot: ({ context: { chain } }, { slot }: { slot: Slot }) =>
      slot >= 0 && positionInEpoch(chain, slot) === Math.floor(chain.slotsPerEpoch / 4),
  },
  actions: {
    report: (_, _params: { reports: readonly Report[] }) => undefined,
    diagnose: (_, _params: { diagnostics: readonly Diagnostic[] }) => undefined,
    noteSlot: assign({ slot: (_, { slot }: { slot: Slot }) => slot }),
    applyEvent: assign(({ context }, { event }: { event: ValidatorSourceEvent }) => afterSourceEvent(context, event)),
    tellCount: sendParent(({ context }) => ({ type: 'VALIDATORS_COUNTED', count: context.registry.size })),
    tellChange: sendParent(({ context }) => ({
      type: 'REGISTRY_CHANGED',
      registry: context.registry,
      ...context.change,
    })),
    /** Unknown names are asked for in every slot: a deposit may have been processed meanwhile. */
    askForUnknown: assign({
      pending: ({ context: { pending, asked, registry } }) =>
        new Set([...pending, ...registry.unknownIds.filter((id) => !asked.has(id))]),
    }),
    askForAll: assign({ pending: ({ context }) => new Set(context.registry.ids) }),
    beginLookUp: assign({ asked: ({ context }) => context.pending, pending: new Set<ValidatorId>() }),
    learn: assign(({ context }, { records }: { records: readonly ValidatorRecord[] }) => afterAnswer(context, records)),
    askAgain: assign({
      pending: ({ context }) => new Set([...context.asked, ...context.pending]),
      asked: new Set<ValidatorId>(),
      failures: ({ context }) => context.failures + 1,
    }),
  },
  delays: {
    halfASlot: ({ context }) => context.chain.slotDurationMs / 2,
    retry: ({ context }) => retryDelayMs(context.failures, context.chain.slotDurationMs, context.random()),
  },
}).createMachine({
  id: 'validators',
  description: 'Knows the validators: their names, indices and statuses, and who of them takes part.',
  type: 'parallel',
  context: ({ input }) => ({
    ...input,
    registry: Registry.EMPTY,
    slot: -1,
    pending: new Set<ValidatorId>(),
    asked: new Set<ValidatorId>(),
    announced: new Set<ValidatorId>(),
    filled: false,
    failures: 0,
    change: { added: [], removed: [], initial: false },
    lines: [],
  }),
  invoke: { id: 'validator-source', src: 'validatorSource' },
  on: {
    VALIDATORS_KNOWN: { actions: [{ type: 'applyEvent', params: ({ event }) => ({ event }) }, 'tellCount'] },
    VALIDATOR_ADDED: { actions: { type: 'applyEvent', params: ({ event }) => ({ event }) } },
    VALIDATOR_EXITED: {
      actions: [
        { type: 'applyEvent', params: ({ event }) => ({ event }) },
        { type: 'report', params: ({ context, event }) => ({ reports: changeLines(context, event.type) }) },
      ],
    },
    VALIDATOR_REMOVED: {
      actions: [
        { type: 'applyEvent', params: ({ event }) => ({ event }) },
        { type: 'report', params: ({ context, event }) => ({ reports: changeLines(context, event.type) }) },
        'tellChange',
      ],
    },
    CLUSTER_LIQUIDATED: {
      actions: [
        { type: 'applyEvent', params: ({ event }) => ({ event }) },
        { type: 'report', params: ({ context, event }) => ({ reports: changeLines(context, event.type) }) },
        'tellChange',
      ],
    },
    CLUSTER_REACTIVATED: {
      actions: [
        { type: 'applyEvent', params: ({ event }) => ({ event }) },
        { type: 'report', params: ({ context, event }) => ({ reports: changeLines(context, event.type) }) },
        'tellChange',
      ],
    },
  },
  states: {
    'look-up': {
      description: 'Asks the beacon node who the validators are.',
      initial: 'idle',
      states: {
        idle: {
          description: 'Nothing to ask.',
          always: { guard: 'hasPending', target: 'asking' },
        },
        asking: {
          description: 'A request is under way; what comes up meanwhile is asked next.',
          entry: 'beginLookUp',
          invoke: {
            id: 'look-up',
            src: 'lookUpValidators',
            input: ({ context }) => [...context.asked],
            onDone: {
              target: 'idle',
              actions: [
                { type: 'learn', params: ({ event }) => ({ records: event.output }) },
                { type: 'report', params: ({ context }) => ({ reports: learnedLines(context) }) },
                { type: 'diagnose', params: ({ context }) => ({ diagnostics: unknownNames(context) }) },
                'tellChange',
              ],
            },
            onError: {
              target: 'waiting',
              actions: [
                'askAgain',
                {
                  type: 'diagnose',
                  params: ({ event }) => ({
                    diagnostics: [{ level: 'warn', message: `validators cannot be looked up: ${String(event.error)}` }],
                  }),
                },
              ],
            },
          },
        },
        waiting: {
          description: 'The last request failed; it is sent again after a growing pause.',
          after: { retry: 'idle' },
        },
      },
    },
    calendar: {
      description: 'When statuses are asked for again.',
      initial: 'waiting',
      states: {
        waiting: {
          on: {
            TICK: [
              {
                guard: { type: 'isRefreshSlot', params: ({ event }) => ({ slot: event.slot }) },
                target: 'refreshing',
                actions: [{ type: 'noteSlot', params: ({ event }) => ({ slot: event.slot }) }, 'askForUnknown'],
              },
              { actions: [{ type: 'noteSlot', params: ({ event }) => ({ slot: event.slot }) }, 'askForUnknown'] },
            ],
          },
        },
        refreshing: {
          description: 'A quarter of the epoch is over; half a slot later is a quiet moment.',
          after: { halfASlot: { target: 'waiting', actions: 'askForAll' } },
          on: {
            TICK: {
              target: 'waiting',
              actions: [{ type: 'noteSlot', params: ({ event }) => ({ slot: event.slot }) }, 'askForAll'],
            },
          },
        },
      },
    },
  },
});

function afterSourceEvent(context: ValidatorsContext, event: ValidatorSourceEvent): Partial<ValidatorsContext> {
  const { registry, added, removed, lookUp } = applySourceEvent(context.registry, event, context.slot);
  const announced = event.type === 'VALIDATOR_ADDED' ? lookUp.filter((id) => !context.registry.has(id)) : [];
  return {
    registry,
    pending: new Set([...context.pending, ...lookUp]),
    announced: new Set([...context.announced, ...announced]),
    // Without validators at the start there is nothing to fill.
    filled: context.filled || (event.type === 'VALIDATORS_KNOWN' && lookUp.length === 0),
    change: { added, removed, initial: false },
  };
}

function afterAnswer(context: ValidatorsContext, records: readonly ValidatorRecord[]): Partial<ValidatorsContext> {
  const { chain, slot, registry, announced, filled } = context;
  const nextEpoch = Math.max(0, epochOf(chain, slot)) + 1;
  const learned = learnRecords(chain, registry, records, announced, nextEpoch);
  const unknown = new Set(learned.registry.unknownIds);
  return {
    registry: learned.registry,
    announced: new Set([...announced].filter((id) => unknown.has(id))),
    asked: new Set(),
    filled: true,
    failures: 0,
    lines: filled ? learned.lines : [],
    change: {
      added: learned.lines.flatMap((line) => line.added),
      removed: [],
      initial: !filled,
    },
  };
}

/** Said once, when the set at the start was looked up; they are asked for again in every slot. */
function unknownNames({ change, registry }: ValidatorsContext): Diagnostic[] {
  const unknown = registry.unknownIds;
  if (!change.initial || unknown.length === 0) return [];
  const names = unknown.slice(0, 8).join(', ') + (unknown.length > 8 ? ', …' : '');
  return [
    {
      level: 'warn',
      message: `${unknown.length} validator(s) not on the chain yet, asked for again every slot: ${names}`,
    },
  ];
}

function changeLines({ change }: ValidatorsContext, cause: ValidatorChangeCause): Report[] {
  return [{ type: 'validators-changed', cause, added: change.added, removed: change.removed }];
}

function learnedLines({ lines }: ValidatorsContext): Report[] {
  return lines.map((line) => ({ type: 'validators-changed', ...line }));
}
