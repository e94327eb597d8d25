import { beforeAll, describe, expect } from 'vitest';
import { builtCommand } from '../support/built-command.js';
import { test } from '../support/command-process.js';

beforeAll(() => void builtCommand(), 60_000);

describe.concurrent('explain', { timeout: 60_000 }, () => {
  test('tells of a running process why a duty was executed, to a person and to a program', async ({ bench }) => {
    const folder = bench.emptyFolder();
    const devnet = bench.start(['devnet', '--slot-ms', '500', '--data-dir', folder, '--log-format', 'json']);
    const executed = () => devnet.lines.find(({ type, role }) => type === 'duty-executed' && role === 'attester');
    await devnet.until(() => executed() !== undefined);
    const { slot, validators } = executed()!;
    const flags = ['--slot', String(slot), '--validator', String((validators as number[])[0]), '--data-dir', folder];
    const text = bench.start(['explain', ...flags]);
    expect(await text.ended).toBe(0);
    expect(text.stdout).toMatch(/\nattester: executed, in \d+ ms\n/);
    const json = bench.start(['explain', ...flags, '--json']);
    expect(await json.ended).toBe(0);
    const { duties } = JSON.parse(json.stdout) as { duties: object[] };
    expect(duties).toContainEqual(expect.objectContaining({ role: 'attester', verdict: 'executed' }));
    expect(await devnet.interrupt()).toBe(0);
  });

  test.for<[string[], RegExp]>([
    [['--slot', '1', '--validator', '1', '--data-dir', 'gone'], /--data-dir gone: .*no such file/],
    [['--slot', '1', '--validator', '1', '--data-dir', '.'], /--data-dir \.: there is no journal in it/],
    [['--validator', '1'], /--slot is missing/],
    [['--slot', '1'], /--validator is missing/],
    [['--slot', 'x', '--validator', '1'], /--slot: "x" is not a whole number/],
  ])('explain %j ends with 2', async ([args, says], { bench }) => {
    const process = bench.start(['explain', ...args]);
    expect(await process.ended).toBe(2);
    expect(process.stderr).toMatch(says);
  });
});
