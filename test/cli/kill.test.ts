import { beforeAll, expect, test } from 'vitest';
import { killRun } from '../kill/kill-run.js';
import { builtCommand } from '../support/built-command.js';
import { RandomStream } from '../../src/devnet/deterministic-random.js';

beforeAll(() => void builtCommand(), 60_000);

test('killed with −9 at random points and started again, it does nothing twice and loses nothing', async () => {
  const stream = new RandomStream('kill', 7);
  const { account, exitCode } = await killRun({
    command: builtCommand(),
    kills: 5,
    slotMs: 500,
    longestLifeMs: 5000,
    random: () => stream.fraction(),
  });
  expect(account.lives.length).toBe(6);
  expect(account.lives.some(({ knewDutiesAt }) => knewDutiesAt !== undefined)).toBe(true);
  expect(account.summary).toMatch(/[1-9]\d* claims/);
  expect(account.doubled).toEqual([]);
  expect(account.lost).toEqual([]);
  expect(exitCode).toBe(0);
}, 180_000);
