import { existsSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect } from 'vitest';
import { builtCommand } from '../support/built-command.js';
import { test } from '../support/command-process.js';

beforeAll(() => void builtCommand(), 60_000);

/** Does something while a server answers that is no beacon node. */
async function whileServing(listener: RequestListener, act: (port: number) => Promise<void>): Promise<void> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await act((server.address() as AddressInfo).port);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe.concurrent('run', { timeout: 60_000 }, () => {
  test('executes the duties of its validators on a chain that another process serves', async ({ bench }) => {
    const { url } = await bench.startChain('--slot-ms', '500');
    const file = join(bench.emptyFolder(), 'validators.txt');
    writeFileSync(file, '# ours\n3\n5 # five\n3\n\n7\n');
    const process = bench.start([
      ...['run', '--beacon-node', url, '--validators', file, '--roles', 'attester', '--log-format', 'json'],
    ]);
    const attested = () =>
      process.lines
        .filter(({ type, role }) => type === 'duty-executed' && role === 'attester')
        .flatMap((line) => line['validators']);
    await process.until(() => new Set(attested()).size === 3);
    expect(process.stderr).not.toContain('the page is at');
    expect(await process.interrupt()).toBe(0);
    expect(process.lines[0]).toMatchObject({ type: 'scheduler-started', validators: 3, roles: ['attester'] });
    expect(new Set(attested())).toEqual(new Set([3, 5, 7]));
    expect(existsSync(join(process.folder, 'data'))).toBe(true);
  });

  test('takes every flag from the environment; one that is set to nothing is not set', async ({ bench }) => {
    const { url } = await bench.startChain('--slot-ms', '500');
    const process = bench.start(['run'], {
      SSV_DUTY_SCHEDULER_BEACON_NODE: url,
      SSV_DUTY_SCHEDULER_VALIDATORS: '1,2',
      SSV_DUTY_SCHEDULER_ROLES: 'proposer,attester',
      SSV_DUTY_SCHEDULER_DATA_DIR: 'elsewhere',
      SSV_DUTY_SCHEDULER_LOG_FORMAT: 'json',
      SSV_DUTY_SCHEDULER_LATE: '',
      SSV_DUTY_SCHEDULER_HEAD_GRACE: ' ',
    });
    await process.until(({ stdout }) => stdout.includes('scheduler-started'));
    expect(process.lines[0]).toMatchObject({ validators: 2, roles: ['attester', 'proposer'] });
    expect(existsSync(join(process.folder, 'elsewhere'))).toBe(true);
    expect(await process.interrupt()).toBe(0);
  });

  test('refuses by name a second node on another chain, and goes on with the first', async ({ bench }) => {
    const ours = await bench.startChain('--slot-ms', '500');
    const other = await bench.startChain('--slot-ms', '700');
    const process = bench.start([
      ...['run', '--beacon-node', ours.url, '--beacon-node', other.url, '--validators', '1'],
      ...['--log-format', 'json'],
    ]);
    await process.until(({ stdout }) => stdout.includes('duty-executed'));
    expect(process.stderr).toContain(`${other.url} is on another chain than the other nodes`);
    expect(await process.interrupt()).toBe(0);
    expect(process.lines.some(({ type, url }) => type === 'beacon-node' && url === other.url)).toBe(false);
  });

  test('refuses by name what is no beacon node, and ends with 2 when nothing else is left', async ({ bench }) => {
    const { url } = await bench.startChain('--slot-ms', '500');
    await whileServing(
      (_, response) => response.end('<html>a page</html>'),
      async (port) => {
        const page = `http://127.0.0.1:${port}`;
        const both = bench.start(['run', '--beacon-node', page, '--beacon-node', url, '--validators', '1']);
        await both.until(({ stderr }) => stderr.includes(`${page} is no beacon node`));
        expect(await both.interrupt()).toBe(0);
        const alone = bench.start(['run', '--beacon-node', page, '--validators', '1']);
        expect(await alone.ended).toBe(2);
        expect(alone.stderr).toContain('--beacon-node: ');
      },
    );
  });

  test('a flag counts more than its variable', async ({ bench }) => {
    const { url } = await bench.startChain('--slot-ms', '500');
    const args = ['run', '--beacon-node', url, '--validators', '1', '--log-format', 'json'];
    const process = bench.start(args, {
      SSV_DUTY_SCHEDULER_BEACON_NODE: 'http://127.0.0.1:1',
      SSV_DUTY_SCHEDULER_LOG_FORMAT: 'pretty',
    });
    await process.until(({ stdout }) => stdout.includes('scheduler-started'));
    expect(await process.interrupt()).toBe(0);
    expect(process.lines.length).toBeGreaterThan(1);
  });

  test.for<[string, RequestListener]>([
    [
      '404 with a page',
      (_, response) => response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>nothing</h1>'),
    ],
    [
      '200 with a page',
      (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>hello</h1>'),
    ],
    [
      '200 with other JSON',
      (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}'),
    ],
  ])('a server that is no beacon node: %s', async ([, listener], { bench }) => {
    await whileServing(listener, async (port) => {
      const process = bench.start([
        'run',
        '--beacon-node',
        `http://user:secret@127.0.0.1:${port}`,
        '--validators',
        '1',
      ]);
      expect(await process.ended).toBe(2);
      const says = new RegExp(`^error: --beacon-node: http://127\\.0\\.0\\.1:${port} is no beacon node: [^\\n]+\\n$`);
      expect(process.stderr).toMatch(says);
      expect(process.stderr).not.toContain('secret');
      expect(process.stdout).toBe('');
    });
  });

  test('a node that cannot be reached is waited for, and used when it comes', async ({ bench }) => {
    const { url, process: first } = await bench.startChain();
    await first.interrupt();
    const { port } = new URL(url);
    const withCredentials = `http://user:secret@127.0.0.1:${port}`;
    const args = ['run', '--beacon-node', withCredentials, '--validators', '1', '--log-format', 'json'];
    const process = bench.start(args);
    await process.until(({ stderr }) => stderr.includes(`WARN: waiting for the beacon node http://127.0.0.1:${port}`));
    expect(process.stdout).toBe('');
    await bench.startChain('--beacon-port', port);
    await process.until(({ stdout }) => stdout.includes('"connected"'));
    expect(await process.interrupt()).toBe(0);
    expect(process.stdout + process.stderr).not.toMatch(/secret|dXNlcjpzZWNyZXQ/);
  });

  test('an interrupt while it waits is a clean stop', async ({ bench }) => {
    const process = bench.start(['run', '--beacon-node', 'http://127.0.0.1:1', '--validators', '1']);
    await process.until(({ stderr }) => stderr.includes('waiting for the beacon node'));
    expect(await process.interrupt()).toBe(0);
    expect(process.stdout).toContain('the scheduler had not started');
  });

  test('a validator that is not on the chain is warned of', async ({ bench }) => {
    const { url } = await bench.startChain();
    const process = bench.start(['run', '--beacon-node', url, '--validators', '1,4000', '--log-format', 'json']);
    await process.until(({ stderr }) => /WARN: .*4000/.test(stderr));
    expect(await process.interrupt()).toBe(0);
  });

  test.for<[string[], Record<string, string>, RegExp]>([
    [
      ['run', '--validators', '1'],
      { BEACON_NODE: 'http://127.0.0.1:1,http://127.0.0.1:1' },
      /--beacon-node \(SSV_DUTY_SCHEDULER_BEACON_NODE\): http:\/\/127\.0\.0\.1:1 is given twice/,
    ],
    [['devnet'], { ROLES: 'baker' }, /--roles \(SSV_DUTY_SCHEDULER_ROLES\): "baker" is no role/],
    [
      ['devnet'],
      { CHAIN_ONLY: 'perhaps' },
      /--chain-only \(SSV_DUTY_SCHEDULER_CHAIN_ONLY\): "perhaps" is neither true nor false/,
    ],
    [['run'], {}, /--beacon-node is missing/],
  ])('%j with %j in the environment', async ([args, variables, says], { bench }) => {
    const env = Object.entries(variables).map(([name, value]) => [`SSV_DUTY_SCHEDULER_${name}`, value] as const);
    const process = bench.start(args, Object.fromEntries(env));
    expect(await process.ended).toBe(2);
    expect(process.stdout).toBe('');
    expect(process.stderr).toMatch(/^error: [^\n]+\n$/);
    expect(process.stderr).toMatch(says);
  });

  test('a data directory that another process uses, or that cannot be one', async ({ bench }) => {
    const { url } = await bench.startChain();
    const folder = bench.emptyFolder();
    writeFileSync(join(folder, 'file'), '');
    const args = ['run', '--beacon-node', url, '--validators', '1', '--log-format', 'json', '--data-dir'];
    const first = bench.start([...args, join(folder, 'data')]);
    await first.until(({ stdout }) => stdout.includes('scheduler-started'));
    for (const name of ['data', 'file']) {
      const process = bench.start([...args, join(folder, name)]);
      expect(await process.ended).toBe(2);
      expect(process.stderr).toMatch(/^error: --data-dir [^\n]+\n$/);
    }
    expect(await first.interrupt()).toBe(0);
  });
});
