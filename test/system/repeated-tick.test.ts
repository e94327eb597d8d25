import { expect, test } from 'vitest';
import { BeaconNodeError } from '../../machines/ports.js';
import { createScriptedRig } from '../support/scripted-rig.js';

test('a tick that comes a second time in its slot does not cut the pause after a failure short (§1 "once per slot")', async () => {
  const rig = createScriptedRig({ scheduler: { roles: ['attester'], late: 'never' } });
  rig.node.failing = () => new BeaconNodeError('http', 'HTTP 500', 500);
  await rig.startAt(9);
  expect(rig.node.requestsFor('attester', 1)).toBe(1);
  rig.scheduler.actor!.send({ type: 'TICK', slot: 9 });
  await rig.settle();
  expect(rig.node.requestsFor('attester', 1)).toBe(1);
  rig.scheduler.actor!.send({ type: 'TICK', slot: 8 });
  await rig.settle();
  expect(rig.node.requestsFor('attester', 1)).toBe(1);
  await rig.stop();
});
