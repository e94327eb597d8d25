/**
 * One beacon node as seen from here: can it be trusted now (health), does its event stream live (stream), and which
 * dependent roots does it name when nobody tells us (probe). It decides nothing about duties.
 */
import { assign, fromCallback, fromPromise, raise, sendParent, setup } from 'xstate';
import type {
  BeaconNodeContext,
  BeaconNodeInput,
  NodeEvent,
  NodeRequest,
  ProbeRequest,
  StreamEvent,
} from './beacon-node/node-context.js';
import {
  answered,
  isUnreachable,
  missedHeadsNote,
  statusLines,
  statusOf,
  unfitBecause,
  UNREACHABLE,
  type Health,
} from './beacon-node/node-health.js';
import type { HeadEvent, SyncStatus } from './ports.js';
import { epochOf, positionInEpoch, type Slot } from './rules/chain-time.js';
import type { ObservedRoots } from './rules/dependent-roots.js';
import type { ValidatorIndex } from './rules/duties.js';
import type { Diagnostic, Report } from './rules/event-log.js';
import { retryDelayMs } from './rules/retry-delay.js';

/**
 * Slots without a byte after which a stream counts as dead. Two, and the time in which the next head is expected: after
 * one missed slot that head comes two slots after the last one, and must not meet a stream that is being reopened.
 */
const STALL_SLOTS = 2.5;
/** Part of a slot after which a node that is away is asked again at the latest: one that is back may still save the slot. */
const LONGEST_ABSENCE_PAUSE = 0.25;

export const beaconNodeMachine = setup({
  types: {
    context: {} as BeaconNodeContext,
    input: {} as BeaconNodeInput,
    events: {} as NodeEvent,
  },
  actors: {
    askSyncStatus: fromPromise<SyncStatus, NodeRequest>(() =>
      Promise.reject(new Error('askSyncStatus is not provided')),
    ),
    probeRoots: fromPromise<ObservedRoots, ProbeRequest>(() => Promise.reject(new Error('probeRoots is not provided'))),
    headStream: fromCallback<StreamEvent, NodeRequest>(() => {
      throw new Error('headStream is not provided');
    }),
  },
  guards: {
    isLost: ({ context }) => context.status === 'lost',
    /** It answers again after a break, or has caught up with the chain. */
    isBack: ({ context }, { health }: { health: Health }) =>
      context.wasAway || (context.status === 'syncing' && unfitBecause(health) === undefined),
    /** Roots are checked where they change unannounced, and always while nobody announces anything. */
    isTimeToProbe: ({ context: { chain, slot, streamDown, probeIndex, leads } }) => {
      if (probeIndex === undefined || slot < 0 || !leads) return false;
      const position = positionInEpoch(chain, slot);
      const atRisk = [0, Math.floor(chain.slotsPerEpoch / 2), chain.slotsPerEpoch - 1].includes(position);
      return atRisk || streamDown;
    },
    // Before genesis there is no chain whose roots could change, and no epoch to name.
    canProbe: ({ context: { probeIndex, slot, leads } }) => probeIndex !== undefined && slot >= 0 && leads,
  },
  actions: {
    report: (_, _params: { reports: readonly Report[] }) => undefined,
    diagnose: (_, _params: { diagnostics: readonly Diagnostic[] }) => undefined,
    noteSlot: assign({ slot: (_, { slot }: { slot: Slot }) => slot }),
    noteProbeIndex: assign({ probeIndex: (_, { index }: { index: ValidatorIndex | undefined }) => index }),
    noteLead: assign({ leads: (_, { leads }: { leads: boolean }) => leads }),
    noteHeardHead: assign({ heardHeadSlot: (_, { head }: { head: HeadEvent }) => head.slot }),
    noteQuestion: assign({ askedAt: ({ context }) => context.clock.now() }),
    noteHealth: assign(({ context }, { health }: { health: Health }) => ({
      status: statusOf(health) ?? context.status,
      unfit: unfitBecause(health),
      healthFailures: health.reachable ? 0 : context.healthFailures + 1,
      wasAway: !health.reachable,
      latencyMs: health.reachable ? context.clock.now() - context.askedAt : context.latencyMs,
    })),
    noteBreak: assign(({ context }) => ({
      // A stream that never lived since the last break tells nothing new about the node.
      wasAway: context.wasAway || !context.streamDown,
      streamDown: true,
      streamFailures: context.streamFailures + 1,
    })),
    noteSilence: assign({ streamDown: true }),
    noteAlive: assign({ streamDown: false, streamFailures: 0 }),
    tellStatus: sendParent(({ context }, { health }: { health: Health }) => ({
      type: 'NODE_STATUS',
      node: context.node,
      answered: true,
      unfit: unfitBecause(health),
    })),
    tellSilence: sendParent(({ context: { node, unfit } }) => ({ type: 'NODE_STATUS', node, answered: false, unfit })),
    tellReconnected: sendParent(({ context }) => ({ type: 'RECONNECTED', node: context.node })),
    tellHead: sendParent(({ context }, { head }: { head: HeadEvent }) => ({
      type: 'HEAD',
      node: context.node,
      head,
      at: context.clock.now(),
    })),
    tellRoots: sendParent(({ context }, { roots }: { roots: ObservedRoots }) => ({
      type: 'ROOTS',
      node: context.node,
      roots,
    })),
  },
  delays: {
    healthRetry: ({ context }) =>
      retryDelayMs(context.healthFailures, context.chain.slotDurationMs * LONGEST_ABSENCE_PAUSE, context.random()),
    streamRetry: ({ context }) => retryDelayMs(context.streamFailures, context.chain.slotDurationMs, context.random()),
    stall: ({ context: { chain, clock } }) =>
      STALL_SLOTS * chain.slotDurationMs + Math.max(0, chain.genesisTimeMs - clock.now()),
  },
}).createMachine({
  id: 'beacon-node',
  description: 'A beacon node: its health, its event stream, and the roots it names.',
  type: 'parallel',
  context: ({ input }) => ({
    ...input,
    slot: -1,
    probeIndex: undefined,
    status: 'unknown',
    unfit: undefined,
    wasAway: false,
    streamDown: false,
    heardHeadSlot: undefined,
    askedAt: 0,
    latencyMs: undefined,
    healthFailures: 0,
    streamFailures: 0,
  }),
  on: {
    PROBE_WITH: { actions: { type: 'noteProbeIndex', params: ({ event }) => ({ index: event.index }) } },
    LEADS: {
      actions: [{ type: 'noteLead', params: ({ event }) => ({ leads: event.leads }) }, raise({ type: 'PROBE_NOW' })],
    },
  },
  states: {
    health: {
      description: 'Whether what the node says may be acted on.',
      initial: 'asking',
      states: {
        asking: {
          description: 'Asking for its sync status.',
          entry: 'noteQuestion',
          invoke: {
            id: 'sync-status',
            src: 'askSyncStatus',
            input: ({ context }) => ({ node: context.node }),
            onDone: [
              {
                guard: { type: 'isBack', params: ({ event }) => ({ health: answered(event.output) }) },
                target: 'known',
                actions: [
                  {
                    type: 'report',
                    params: ({ context, event }) => ({ reports: statusLines(context, answered(event.output)) }),
                  },
                  { type: 'tellStatus', params: ({ event }) => ({ health: answered(event.output) }) },
                  { type: 'noteHealth', params: ({ event }) => ({ health: answered(event.output) }) },
                  {
                    type: 'diagnose',
                    params: ({ context, event }) => ({ diagnostics: [missedHeadsNote(context, event.output)] }),
                  },
                  'tellReconnected',
                  raise({ type: 'PROBE_NOW' }),
                ],
              },
              {
                target: 'known',
                actions: [
                  {
                    type: 'report',
                    params: ({ context, event }) => ({ reports: statusLines(context, answered(event.output)) }),
                  },
                  { type: 'tellStatus', params: ({ event }) => ({ health: answered(event.output) }) },
                  { type: 'noteHealth', params: ({ event }) => ({ health: answered(event.output) }) },
                ],
              },
            ],
            onError: [
              {
                guard: ({ event }) => isUnreachable(event.error),
                target: 'known',
                actions: [
                  { type: 'report', params: ({ context }) => ({ reports: statusLines(context, UNREACHABLE) }) },
                  { type: 'tellStatus', params: { health: UNREACHABLE } },
                  { type: 'noteHealth', params: { health: UNREACHABLE } },
                ],
              },
              {
                // Slow, or odd: that alone is no reason to defer a duty.
                target: 'known',
                actions: [
                  {
                    type: 'diagnose',
                    params: ({ context, event }) => ({
                      diagnostics: [{ level: 'warn', message: `${context.url}: ${String(event.error)}` }],
                    }),
                  },
                  'tellSilence',
                ],
              },
            ],
          },
          on: {
            TICK: { actions: { type: 'noteSlot', params: ({ event }) => ({ slot: event.slot }) } },
          },
        },
        known: {
          description: 'Asked in this slot.',
          on: {
            TICK: { target: 'asking', actions: { type: 'noteSlot', params: ({ event }) => ({ slot: event.slot }) } },
            // A broken stream is often the first sign of a restart.
            STREAM_CLOSED: { target: 'asking' },
          },
          after: { healthRetry: { guard: 'isLost', target: 'asking' } },
        },
      },
    },
    stream: {
      description: 'The stream of head events.',
      initial: 'streaming',
      states: {
        streaming: {
          description: 'Connecting, or listening: some nodes show nothing before their first event.',
          invoke: { id: 'head-stream', src: 'headStream', input: ({ context }) => ({ node: context.node }) },
          initial: 'listening',
          states: {
            listening: {
              description: 'Each byte is a sign of life.',
              on: { STREAM_ALIVE: { target: 'listening', reenter: true, actions: 'noteAlive' } },
              after: { stall: { actions: raise({ type: 'STREAM_STALLED' }) } },
            },
          },
          on: {
            STREAM_HEAD: {
              actions: [
                { type: 'noteHeardHead', params: ({ event }) => ({ head: event.head }) },
                { type: 'tellHead', params: ({ event }) => ({ head: event.head }) },
              ],
            },
            STREAM_MALFORMED: {
              actions: {
                type: 'diagnose',
                params: ({ context, event }) => ({
                  diagnostics: [{ level: 'warn', message: `${context.url}: ${event.error.message}` }],
                }),
              },
            },
            STREAM_STALLED: {
              // Nothing says that the node was away: perhaps there were no blocks. At once, since a head may be near.
              target: 'streaming',
              reenter: true,
              actions: [
                'noteSilence',
                {
                  type: 'diagnose',
                  params: ({ context }) => ({
                    diagnostics: [
                      {
                        level: 'info',
                        message: `${context.url}: no event for more than two slots, the stream is opened again`,
                      },
                    ],
                  }),
                },
              ],
            },
            STREAM_CLOSED: {
              target: 'pausing',
              actions: [
                'noteBreak',
                {
                  type: 'diagnose',
                  params: ({ context, event }) => ({
                    diagnostics: [{ level: 'warn', message: `${context.url}: ${event.error.message}` }],
                  }),
                },
              ],
            },
          },
        },
        pausing: {
          description: 'The stream ended; it is opened again after a growing pause.',
          after: { streamRetry: 'streaming' },
        },
      },
    },
    probe: {
      description: 'Asks for the roots where the stream may not tell.',
      initial: 'resting',
      states: {
        resting: {
          description: 'The stream tells.',
          on: { TICK: { target: 'considering' }, PROBE_NOW: { guard: 'canProbe', target: 'probing' } },
        },
        considering: {
          always: [{ guard: 'isTimeToProbe', target: 'probing' }, { target: 'resting' }],
        },
        probing: {
          description: 'Asking for the roots.',
          invoke: {
            id: 'roots',
            src: 'probeRoots',
            input: ({ context: { node, chain, slot, probeIndex } }) => ({
              node,
              slot,
              epoch: epochOf(chain, slot),
              index: probeIndex!,
            }),
            onDone: {
              target: 'resting',
              actions: { type: 'tellRoots', params: ({ event }) => ({ roots: event.output }) },
            },
            onError: { target: 'resting' },
          },
        },
      },
    },
  },
});
