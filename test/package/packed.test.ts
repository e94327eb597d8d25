import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDevnet } from '../../src/devnet/index.js';

// The package as users get it: packed, installed in a folder of its own, run from there.
const run = promisify(execFile);
const repository = resolve(import.meta.dirname, '../..');
const devnet = createDevnet({ slotDurationMs: 500, validatorCount: 16, beaconPort: 0 });
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'packed-'));
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: repository });
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  const tarball = join(folder, stdout.trim().split('\n').at(-1)!);
  await run('npm', ['install', '--silent', '--no-audit', '--no-fund', '--prefer-offline', tarball], { cwd: folder });
  await devnet.start();
}, 180_000);

afterAll(async () => {
  await devnet.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Starts a program and waits until its output has a line like this, then ends it. */
function lineOf(command: string, args: readonly string[], pattern: RegExp): Promise<string> {
  return new Promise((resolveLine, reject) => {
    const url = devnet.server!.url;
    const child = spawn(command, args, { cwd: folder, env: { ...process.env, BEACON_NODE: url } });
    let output = '';
    const look = (chunk: Buffer) => {
      output += chunk.toString();
      const line = output.split('\n').find((candidate) => pattern.test(candidate));
      if (line === undefined) return;
      child.kill('SIGKILL');
      resolveLine(line);
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    child.on('exit', () => reject(new Error(`ended without a line like ${pattern}: ${output}`)));
  });
}

test("the README's example runs against the packed package", async () => {
  const readme = await readFile(join(repository, 'README.md'), 'utf8');
  const example = /## Embedding\n\n```js\n([\s\S]*?)```/.exec(readme)![1]!;
  await writeFile(join(folder, 'example.js'), example);
  const line = await lineOf(process.execPath, ['example.js'], /votes for/);
  expect(line).toMatch(/^slot \d+ \((head|deadline|late)\): [012] in \d votes for 0x[0-9a-f]{64} false$/);
}, 30_000);

test('--inspect says what to install', async () => {
  const command = join(folder, 'node_modules/.bin/ssv-duty-scheduler');
  const failure = await run(command, ['devnet', '--inspect', '0'], { cwd: folder }).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    code: 2,
    stdout: '',
    stderr: 'error: --inspect: the package @statelyai/inspect is not installed: npm install @statelyai/inspect@0.7\n',
  });
}, 30_000);

test('the documented inspector runs where its package is installed', async () => {
  const peer = ['install', '--silent', '--no-audit', '--no-fund', '--prefer-offline', '@statelyai/inspect@0.7'];
  await run('npm', peer, { cwd: folder });
  const page = await readFile(join(repository, 'docs/inspecting.md'), 'utf8');
  const example = /## From a program[\s\S]*?```js\n([\s\S]*?)```/.exec(page)![1]!;
  await writeFile(join(folder, 'inspector.js'), example);
  expect(await lineOf(process.execPath, ['inspector.js'], /^open /)).toMatch(/^open http:\/\/127\.0\.0\.1:\d+$/);
}, 120_000);

test("the README's inspection sees the actors", async () => {
  const readme = await readFile(join(repository, 'README.md'), 'utf8');
  const example = /## Inspecting[\s\S]*?```js\n([\s\S]*?)```/.exec(readme)![1]!;
  await writeFile(join(folder, 'inspect.js'), example);
  expect(await lineOf(process.execPath, ['inspect.js'], /^attester TABLE_FETCHED$/)).toBe('attester TABLE_FETCHED');
}, 30_000);

test('the example of committees runs against the packed package', async () => {
  const page = await readFile(join(repository, 'docs/committees.md'), 'utf8');
  await writeFile(join(folder, 'committees.js'), /```js\n([\s\S]*?)```/.exec(page)![1]!);
  const line = await lineOf(process.execPath, ['committees.js'], /attesters \d/);
  expect(line).toMatch(/^slot \d+, operators none: vote for 0x[0-9a-f]{64}; attesters [\d,]+; sync committee [\d,]*$/);
}, 30_000);

test('its types are there', async () => {
  const check = [
    "import { createDutyScheduler, type DutyScheduler } from 'ssv-duty-scheduler';",
    "export const scheduler: DutyScheduler = createDutyScheduler({ beaconNode: 'http://x', validators: [1], executors: {} });",
  ];
  await writeFile(join(folder, 'check.ts'), check.join('\n'));
  const compiler = join(repository, 'node_modules/typescript/bin/tsc');
  const flags = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2023', 'check.ts'];
  await run(process.execPath, [compiler, ...flags], { cwd: folder });
}, 60_000);

test('its command runs', async () => {
  const command = join(folder, 'node_modules/.bin/ssv-duty-scheduler');
  const args = [
    'run',
    '--beacon-node',
    devnet.server!.url,
    '--validators',
    '0,1',
    '--log-format',
    'json',
    '--data-dir',
    'data',
  ];
  expect(JSON.parse(await lineOf(command, args, /"duty-executed"/))).toMatchObject({ type: 'duty-executed' });
}, 30_000);

test('its page is there, with the scripts and the library that it asks for', async () => {
  const command = join(folder, 'node_modules/.bin/ssv-duty-scheduler');
  const child = spawn(command, ['devnet', '--http', '127.0.0.1:0', '--log-format', 'json'], { cwd: folder });
  try {
    const url = await new Promise<string>((resolveUrl, reject) => {
      let text = '';
      child.stderr.on('data', (part: Buffer) => {
        text += part.toString();
        const address = /the page is at (\S+)/.exec(text)?.[1];
        if (address !== undefined) resolveUrl(address);
      });
      child.on('exit', () => reject(new Error(text)));
    });
    for (const path of ['', 'style.css', 'page/main.js', 'page/timeline-view.js', 'lib/preact.js', 'metrics']) {
      const response = await fetch(url + path);
      expect([path, response.status]).toEqual([path, 200]);
    }
  } finally {
    child.kill('SIGKILL');
  }
}, 30_000);
