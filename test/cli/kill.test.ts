import { beforeAll, expect, test } from 'vitest';
import { killRun } from '../kill/kill-run.js';
import { ANVIL, ANVIL_MISSING } from '../support/anvil.js';
import { builtCommand } from '../support/built-command.js';
import { RandomStream } from '../../src/devnet/deterministic-random.js';

if (ANVIL === undefined) console.warn(`the registry of the contract: ${ANVIL_MISSING}`);
beforeAll(() => void builtCommand(), 60_000);

test('killed with −9 at random points and started again, it does nothing twice and loses nothing; the registry stays whole', async () => {
  const stream = new RandomStream('kill', 7);
  const { account, registry, endedByThemselves, exitCode } = await killRun({
    command: builtCommand(),
    kills: 5,
    slotMs: 500,
    longestLifeSlots: 8,
    random: () => stream.fraction(),
    withContract: ANVIL !== undefined,
  });
  expect(account.lives.length).toBe(6);
  expect(account.lives.some(({ knewDutiesAt }) => knewDutiesAt !== undefined)).toBe(true);
  expect(account.summary).toMatch(/[1-9]\d* claims/);
  expect(account.doubled).toEqual([]);
  expect(account.lost).toEqual([]);
  expect(endedByThemselves).toEqual([]);
  if (ANVIL !== undefined) {
    expect(registry?.defects).toEqual([]);
    expect(registry?.summary).toMatch(/compared [1-9].*, [1-9]\d* times gone on/);
  }
  expect(exitCode).toBe(0);
}, 180_000);
