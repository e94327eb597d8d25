import { assign, setup, stateIn } from 'xstate';

export const BEACON_NODE_EVENTS = [
  'tick',
  'tick at risk',
  'in sync',
  'syncing',
  'unreachable',
  'slow',
  'pause',
  'silence',
  'alive',
  'head',
  'malformed',
  'break',
  'roots',
  'no roots',
  'a validator',
  'no validator',
  'leads no more',
  'leads',
] as const;
export type BeaconNodeModelEvent = { type: (typeof BEACON_NODE_EVENTS)[number] };

interface Node {
  readonly status: 'unknown' | 'connected' | 'syncing' | 'lost';
  /** The connection broke since the node was last known to be well. */
  readonly wasAway: boolean;
  /** Nobody tells of heads. */
  readonly isDeaf: boolean;
  /** Whether it may be asked for its roots: not without a validator, and not while another node leads. */
  readonly probing: 'without a validator' | 'possible' | 'of no interest';
  readonly last: LastEvent;
}

interface LastEvent {
  /** It makes the roots be asked for. */
  readonly probes: boolean;
  /** What the scheduler was told by it, apart from the health. */
  readonly told: 'nothing' | 'HEAD' | 'ROOTS' | 'RECONNECTED';
}

const QUIET: LastEvent = { told: 'nothing', probes: false };

/** A beacon node as the contract tells it (SPEC §5, §6): trusted or not, listened to, probed where its stream may not tell. */
export const beaconNodeSpec = setup({
  types: { context: {} as Node, events: {} as BeaconNodeModelEvent },
  guards: {
    isLost: ({ context }) => context.status === 'lost',
    mustProbe: ({ context }) => context.last.probes,
  },
  actions: {
    begin: assign({ last: QUIET }),
    probeIfDeaf: assign({
      last: ({ context }) => ({ told: 'nothing' as const, probes: canProbe(context) && context.isDeaf }),
    }),
    probe: assign({ last: ({ context }) => ({ told: 'nothing' as const, probes: canProbe(context) }) }),
    learnInSync: assign(({ context }) => back(context, 'connected', context.wasAway || context.status === 'syncing')),
    learnSyncing: assign(({ context }) => back(context, 'syncing', context.wasAway)),
    learnUnreachable: assign({ status: 'lost', wasAway: true, last: QUIET }),
    noteBreak: assign({
      // A stream that never lived since the last break tells nothing new.
      wasAway: ({ context }) => context.wasAway || !context.isDeaf,
      isDeaf: true,
      last: QUIET,
    }),
    noteSilence: assign({ isDeaf: true, last: QUIET }),
    noteAlive: assign({ isDeaf: false, last: QUIET }),
    tellHead: assign({ last: { told: 'HEAD', probes: false } }),
    tellRoots: assign({ last: { told: 'ROOTS', probes: false } }),
  },
}).createMachine({
  type: 'parallel',
  context: {
    status: 'unknown',
    wasAway: false,
    isDeaf: false,
    probing: 'without a validator',
    last: QUIET,
  },
  on: {
    'a validator': {
      guard: ({ context }) => context.probing === 'without a validator',
      actions: ['begin', assign({ probing: 'possible' })],
    },
    'no validator': {
      guard: ({ context }) => canProbe(context),
      actions: ['begin', assign({ probing: 'without a validator' })],
    },
    'leads no more': {
      guard: ({ context }) => canProbe(context),
      actions: ['begin', assign({ probing: 'of no interest' })],
    },
    leads: {
      guard: ({ context }) => context.probing === 'of no interest',
      actions: [assign({ probing: 'possible' }), 'probe'],
    },
  },
  states: {
    health: {
      initial: 'asking',
      states: {
        asking: {
          on: {
            tick: { actions: 'probeIfDeaf' },
            'tick at risk': { actions: 'probe' },
            'in sync': { target: 'known', actions: 'learnInSync' },
            syncing: { target: 'known', actions: 'learnSyncing' },
            unreachable: { target: 'known', actions: 'learnUnreachable' },
            slow: { target: 'known', actions: 'begin' },
          },
        },
        known: {
          on: {
            tick: { target: 'asking', actions: 'probeIfDeaf' },
            'tick at risk': { target: 'asking', actions: 'probe' },
            break: { guard: stateIn({ stream: 'streaming' }), target: 'asking' },
            pause: { guard: 'isLost', target: 'asking', actions: 'begin' },
          },
        },
      },
    },
    stream: {
      initial: 'streaming',
      states: {
        streaming: {
          initial: 'listening',
          states: { listening: {} },
          on: {
            alive: { actions: 'noteAlive' },
            head: { actions: 'tellHead' },
            malformed: { actions: 'begin' },
            break: { target: 'pausing', actions: 'noteBreak' },
            // A node that is away is asked again long before.
            silence: { guard: ({ context }) => context.status !== 'lost', actions: 'noteSilence' },
          },
        },
        pausing: { on: { pause: { target: 'streaming', actions: 'begin' } } },
      },
    },
    probe: {
      initial: 'resting',
      states: {
        resting: { always: { guard: 'mustProbe', target: 'probing' } },
        probing: {
          on: {
            roots: { target: 'resting', actions: 'tellRoots' },
            'no roots': { target: 'resting', actions: 'begin' },
          },
        },
      },
    },
  },
});

function canProbe({ probing }: Node): boolean {
  return probing === 'possible';
}

/** An answer of a node; of one that is back the roots are asked for too. */
function back(context: Node, status: Node['status'], isBack: boolean): Partial<Node> {
  return {
    status,
    wasAway: false,
    last: { told: isBack ? 'RECONNECTED' : 'nothing', probes: isBack && canProbe(context) },
  };
}
