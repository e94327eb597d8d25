import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect } from 'vitest';
import { builtCommand } from '../support/built-command.js';
import { test } from '../support/command-process.js';

const SLOT_MS = 500;
const SLOTS_PER_EPOCH = 8;
const FAST = ['--slot-ms', String(SLOT_MS)];

beforeAll(() => void builtCommand(), 60_000);

/** Lets a process do something when SIGUSR2 comes. */
function onSignal(script: string): { NODE_OPTIONS: string } {
  const preload = `data:text/javascript,process.on('SIGUSR2',()=>{${encodeURIComponent(script)}})`;
  return { NODE_OPTIONS: `--import ${preload}` };
}

describe('devnet, with time to itself', { timeout: 60_000 }, () => {
  test('--log-format json: two epochs of lines, every duty in its slot, a clean end', async ({ bench }) => {
    const process = bench.start(['devnet', ...FAST, '--log-format', 'json']);
    await process.until(({ lines }) => lines.some(({ type, slot }) => type === 'duty-executed' && slot >= 17));
    expect(await process.interrupt()).toBe(0);

    const { lines } = process;
    expect(lines[0]).toMatchObject({
      type: 'scheduler-started',
      validators: 64,
      slotDurationMs: SLOT_MS,
      slotsPerEpoch: SLOTS_PER_EPOCH,
      roles: ['attester', 'proposer', 'sync-committee'],
    });
    expect(lines.at(-1)).toMatchObject({ type: 'scheduler-stopped', reason: 'sigint' });
    expect(process.stdout.endsWith('\n')).toBe(true);

    const executed = lines.filter(({ type }) => type === 'duty-executed');
    for (const { offsetMs } of executed) {
      expect(offsetMs).toBeGreaterThanOrEqual(0);
      expect(offsetMs).toBeLessThan(SLOT_MS);
    }
    for (const epoch of [0, 1]) {
      const attested = executed
        .filter(({ role, slot }) => role === 'attester' && Math.floor(slot / SLOTS_PER_EPOCH) === epoch)
        .flatMap(({ validators }) => validators as number[]);
      expect(attested.sort((a, b) => a - b)).toEqual(Array.from({ length: 64 }, (_, index) => index));
    }
    // Validators come and go: the first cluster is liquidated in slot 16.
    const [change] = lines.filter(({ type }) => type === 'validators-changed');
    expect(change).toMatchObject({ slot: 16, cause: 'CLUSTER_LIQUIDATED', added: [] });
    expect(change!['removed']).toHaveLength(4);
    const skipped = lines.filter(({ type }) => type === 'duty-skipped' || type === 'duty-failed');
    expect(skipped).toEqual([expect.objectContaining({ role: 'proposer', slot: 0, reason: 'genesis-slot' })]);
    expect(process.stderr).toMatch(/All \d+ duties were met/);
    expect(process.stderr).not.toMatch(/WARN|ERROR/);
  });
});

describe.concurrent('devnet', { timeout: 60_000 }, () => {
  test('not a terminal: plain lines, and a summary in which all duties were met', async ({ bench }) => {
    const process = bench.start(['devnet', ...FAST, '--roles', 'proposer,attester']);
    await process.until(({ stdout }) => /slot 9 .*attester .*met/.test(stdout));
    expect(await process.interrupt()).toBe(0);

    const [first = '', ...others] = process.stdout.split('\n');
    expect(first).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} {2}slot -?\d+ +scheduler +started with 64 validators for attester, proposer/,
    );
    expect(process.stdout).toMatch(/slot 0 +proposer +skipped \(genesis-slot\): validator \d+/);
    expect(process.stdout).toMatch(
      /slot 1 +attester +met (by the head|at the due point), \d+ ms (early|past due): validators/,
    );
    expect(process.stdout).not.toContain('sync-committee');
    expect(process.stdout).not.toMatch(/\u001b/);
    const summary = others.slice(others.indexOf(''));
    expect(summary.join('\n')).toMatch(/Ran \d+ s, slots -?\d+ to \d+, 64 validators\.\nAll \d+ duties were met/);
    expect(summary).toContain('Failed     none');
    expect(summary).toContain('Skipped    genesis-slot: proposer 1 (slot 0 has no proposal)');
  });

  test('its temporary folder is gone afterwards', async ({ bench }) => {
    const TMPDIR = bench.emptyFolder();
    const process = bench.start(['devnet', ...FAST, '--log-format', 'json'], { TMPDIR });
    await process.until(({ stdout }) => stdout.includes('scheduler-started'));
    expect(readdirSync(TMPDIR)).toHaveLength(1);
    expect(await process.interrupt()).toBe(0);
    expect(readdirSync(TMPDIR)).toEqual([]);
    expect(readdirSync(process.folder)).toEqual([]);
  });

  test('--data-dir is kept', async ({ bench }) => {
    const process = bench.start(['devnet', ...FAST, '--log-format', 'json', '--data-dir', 'kept']);
    await process.until(({ stdout }) => stdout.includes('duty-executed'));
    process.signal('SIGTERM');
    expect(await process.ended).toBe(0);
    expect(process.lines.at(-1)).toMatchObject({ type: 'scheduler-stopped', reason: 'sigterm' });
    expect(readdirSync(process.folder)).toEqual(['kept']);
    expect(readdirSync(`${process.folder}/kept`)).not.toEqual([]);
  });

  test('a reader that goes away is a clean stop', async ({ bench }) => {
    const process = bench.start(['devnet', ...FAST, '--log-format', 'json']);
    await process.until(({ stdout }) => stdout.includes('scheduler-started'));
    process.closeStdout();
    expect(await process.ended).toBe(0);
    expect(process.stderr).not.toMatch(/ERROR|EPIPE/);
  });

  test.for([
    ['an error that nobody caught', 'throw new Error("boom")'],
    ['a rejection that nobody handled', 'Promise.reject(new Error("boom"))'],
  ])('%s ends it with exit code 1 and is told on stderr', async ([, script], { bench }) => {
    const TMPDIR = bench.emptyFolder();
    const process = bench.start(['devnet', ...FAST, '--log-format', 'json'], { ...onSignal(script!), TMPDIR });
    await process.until(({ stdout }) => stdout.includes('scheduler-started'));
    process.signal('SIGUSR2');
    expect(await process.ended).toBe(1);
    expect(process.lines.at(-1)).toMatchObject({ type: 'scheduler-stopped', reason: 'failed: boom' });
    expect(readdirSync(TMPDIR)).toEqual([]);
    expect(process.stderr).toMatch(/ERROR: unexpected: boom\nError: boom\n/);
  });

  test('an error that nobody caught stands in the journal, which is closed in order', async ({ bench }) => {
    const dataDir = bench.emptyFolder();
    const flags = [...FAST, '--data-dir', dataDir, '--log-format', 'json'];
    const process = bench.start(['devnet', ...flags], onSignal('throw new Error("boom")'));
    await process.until(({ stdout }) => stdout.includes('scheduler-started'));
    process.signal('SIGUSR2');
    expect(await process.ended).toBe(1);
    const [segment] = readdirSync(dataDir).filter((file) => file.endsWith('.jsonl'));
    const lines = readFileSync(join(dataDir, segment!), 'utf8').trimEnd().split('\n');
    const [stopped, closed] = lines.slice(-2).map((line) => JSON.parse(line) as object);
    expect(stopped).toMatchObject({ type: 'scheduler-stopped', reason: 'failed: boom' });
    expect(closed).toMatchObject({ type: 'journal-closed' });
  });

  test('--chain-only serves the Beacon API at the address it prints', async ({ bench }) => {
    const { url, process } = await bench.startChain('--seed', '7');
    expect(process.stdout).toMatch(
      /^beacon node at http:\/\/127\.0\.0\.1:\d+: 2000 ms slots, 8 per epoch, 64 validators\n$/,
    );
    const answer = await fetch(`${url}/eth/v1/config/spec`);
    expect(await answer.json()).toMatchObject({ data: { SLOTS_PER_EPOCH: '8' } });
    expect(await process.interrupt()).toBe(0);
  });

  test('--chain-only by a variable, with json: the address on stderr, nothing on stdout', async ({ bench }) => {
    const process = bench.start(['devnet', '--log-format', 'json'], { SSV_DUTY_SCHEDULER_CHAIN_ONLY: 'true' });
    await process.until(({ stderr }) => /INFO: beacon node at http:\/\/127\.0\.0\.1:\d+/.test(stderr));
    expect(await process.interrupt()).toBe(0);
    expect(process.stdout).toBe('');
  });

  test('a variable that says false leaves the scheduler on', async ({ bench }) => {
    const process = bench.start(['devnet', '--log-format', 'json'], {
      SSV_DUTY_SCHEDULER_CHAIN_ONLY: 'false',
      SSV_DUTY_SCHEDULER_SLOT_MS: String(SLOT_MS),
    });
    await process.until(({ stdout }) => stdout.includes('scheduler-started'));
    expect(process.lines[0]).toMatchObject({ slotDurationMs: SLOT_MS });
    expect(await process.interrupt()).toBe(0);
  });
});
