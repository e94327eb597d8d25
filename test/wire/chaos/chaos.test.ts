import { beforeAll, expect, test } from 'vitest';
import { chaosRun } from '../../chaos/chaos-run.js';
import { planFaults } from '../../chaos/fault-plan.js';
import { builtCommand } from '../../support/built-command.js';

beforeAll(() => void builtCommand(), 60_000);

test('with two nodes and the contract, whatever is amiss, no duty is doubled, and none missed without a reason', async () => {
  const [seed, slots] = [5, 36];
  const plan = planFaults({ seed, slots, perSlot: 0.5 });
  const result = await chaosRun({ command: builtCommand(), seed, slotMs: 500, slots, plan });
  expect(result.unexplained).toEqual([]);
  expect(result.doubled).toEqual([]);
  expect(result.exitCode).toBe(0);
  // A run in which little was demanded, or nothing was amiss, shows nothing.
  const accounts = [...result.accounts.values()];
  const [due, inSlot] = [
    accounts.reduce((sum, { due }) => sum + due, 0),
    accounts.reduce((sum, one) => sum + one.inSlot, 0),
  ];
  expect(accounts.length).toBe(5);
  expect(inSlot / due).toBeGreaterThan(0.5);
  expect(new Set(result.faults.map(({ kind }) => kind)).size).toBeGreaterThan(6);
}, 120_000);
