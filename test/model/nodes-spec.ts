import { setup } from 'xstate';

export const NODES_EVENTS = [
  'the second comes',
  'the second is foreign',
  'crash of the first',
  'crash of the second',
  'pause',
  'head of the second',
] as const;
export type NodesEvent = { type: (typeof NODES_EVENTS)[number] };

/** Three beacon nodes: the first is there from the start, the second is absent then, the third on another chain. */
export const nodesSpec = setup({ types: { events: {} as NodesEvent } }).createMachine({
  type: 'parallel',
  on: { 'head of the second': { actions: () => undefined } },
  states: {
    'beacon-node-1': {
      initial: 'attached',
      states: {
        attached: { on: { 'crash of the first': 'restarting' } },
        // Until the second one is asked again, the pause is over.
        restarting: {
          on: { pause: 'attached', 'the second comes': 'attached', 'the second is foreign': 'attached' },
        },
      },
    },
    'beacon-node-2': {
      initial: 'absent',
      states: {
        absent: { on: { 'the second comes': 'attached', 'the second is foreign': 'left-out' } },
        attached: { on: { 'crash of the second': 'restarting' } },
        restarting: {
          on: { pause: 'attached', 'the second comes': 'attached', 'the second is foreign': 'attached' },
        },
        'left-out': {},
      },
    },
    'beacon-node-3': { initial: 'left-out', states: { 'left-out': {} } },
  },
});
