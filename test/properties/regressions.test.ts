import { expect, test } from 'vitest';
import { startOf } from './plain-time.js';
import { PropertyRig } from './property-rig.js';

// What the properties found, said in short.

test('a sync committee duty whose slot ends while its table is swapped has one ending, and names someone', async () => {
  const rig = new PropertyRig({ startSlot: 26, proposers: 'ahead' });
  await rig.start(26, 0);
  rig.node.data = 'fails';
  rig.model.dataIs(false);
  await rig.pass(startOf(31) + 5000 - rig.clock.now());
  // The tick of slot 32 verifies the table while the batches of slot 31 still wait for data.
  for (const period of [0, 1]) rig.chain.redraw(period);
  await rig.pass(startOf(32) + 1000 - rig.clock.now());
  const ended = rig.lines.filter((line) => line.type === 'duty-skipped' && line.slot === 31);
  expect(ended.length).toBeGreaterThan(0);
  expect(
    rig.lines.filter((line) => 'validators' in line && Array.isArray(line.validators) && line.validators.length === 0),
  ).toEqual([]);
  await rig.end();
});

test('data that comes after the deadline, because the machine slept, is not signed over', async () => {
  const rig = new PropertyRig({ startSlot: 26, proposers: 'ahead' });
  await rig.start(26, 0);
  rig.node.data = 'slow';
  rig.model.dataIs(false);
  await rig.pass(startOf(31) + 4100 - rig.clock.now());
  rig.jump(40 * 12_000);
  await rig.pass(3000);
  await rig.end();
});

test('a head that comes after a step of the clock, and before the tick that follows it, triggers its duties', async () => {
  const rig = new PropertyRig({ startSlot: 24, proposers: 'ahead' });
  await rig.start(24, 0);
  rig.jump(9 * 12_000);
  // A slot ahead of the clock, and ten ahead of the last tick.
  rig.chain.grow(34);
  rig.node.announce();
  await rig.pass(startOf(35) - rig.clock.now());
  const due = rig.lines.filter((line) => line.type === 'duty-due' && line.slot === 34 && line.role === 'attester');
  expect(due).toMatchObject([{ trigger: 'head', offsetMs: 0 }]);
});
