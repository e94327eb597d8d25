import { expect } from 'vitest';
import { beaconNodeMachine } from '../../machines/beacon-node.machine.js';
import { BeaconNodeRehearsal } from './beacon-node-rehearsal.js';
import { BEACON_NODE_EVENTS, beaconNodeSpec } from './beacon-node-spec.js';
import { testEveryTransition } from './chart-coverage.js';
import { playPaths } from './play-paths.js';
import { TakenTransitions } from './taken-transitions.js';

const taken = new TakenTransitions();

const UNFIT = { unknown: undefined, connected: undefined, syncing: 'node-syncing', lost: 'node-unreachable' } as const;

playPaths(
  'a beacon node',
  beaconNodeSpec,
  BEACON_NODE_EVENTS,
  () => new BeaconNodeRehearsal(taken.inspect),
  (rehearsal, { value, context }, after) => {
    expect(rehearsal.state, after).toEqual(value);
    expect(rehearsal.unfit, after).toBe(UNFIT[context.status]);
    expect(rehearsal.told, after).toBe(context.last.told);
  },
);

testEveryTransition(beaconNodeMachine, taken);
