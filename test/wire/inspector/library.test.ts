import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { builtCommand } from '../../support/built-command.js';
import { listenWith, openInspector } from './viewer.js';

const run = promisify(execFile);
const repository = resolve(import.meta.dirname, '../../..');
let folder: string;
beforeAll(async () => {
  // Beside the sources, where the packages are found.
  folder = await mkdtemp(join(repository, 'node_modules', '.inspecting-'));
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a program that opens an inspector, meets a viewer perhaps, and then has nothing left to do. */
async function program(options: string, viewer = ''): Promise<string> {
  const built = resolve(builtCommand(), '../../index.js');
  const file = join(folder, 'program.mjs');
  const lines = [
    `import { createStatelyInspector } from ${JSON.stringify(built)};`,
    `import { createActor, createMachine } from 'xstate';`,
    `const inspector = await createStatelyInspector(${options});`,
    `const actor = createActor(createMachine({ id: 'lamp', on: { FLIP: {} } }), { inspect: inspector.inspect }).start();`,
    `for (let n = 0; n < 100; n++) actor.send({ type: 'FLIP' });`,
    viewer,
    `setTimeout(() => console.log('nothing left'), 1000);`,
  ];
  await writeFile(file, lines.join('\n'));
  return (await run(process.execPath, [file], { timeout: 20_000 })).stdout;
}

test('an inspector that nobody stops keeps no process open', async () => {
  expect(await program('{ port: 0 }')).toBe('nothing left\n');
  // A viewer in a process of its own, which stays.
  const look = `createWebSocketReceiver({ server: process.argv[1] }); setTimeout(() => undefined, 5000);`;
  const viewing = [
    `const { spawn } = await import('node:child_process');`,
    `const look = ${JSON.stringify(`import { createWebSocketReceiver } from '@statelyai/inspect'; ${look}`)};`,
    `const address = inspector.url.replace('http:', 'ws:');`,
    `const child = spawn(process.execPath, ['--input-type=module', '-e', look, address], { stdio: 'ignore' });`,
    `child.unref();`,
    `process.on('exit', () => child.kill());`,
  ];
  expect(await program('{ port: 0 }', viewing.join('\n'))).toBe('nothing left\n');
  expect(await program("{ relay: 'ws://127.0.0.1:1' }")).toBe('nothing left\n');
  const silent = await listenWith(() => undefined);
  const { inspector: relay, viewers } = await openInspector();
  const greeter = await listenWith((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nhello'));
  try {
    expect(await program(`{ relay: 'ws://127.0.0.1:${silent.port}' }`)).toBe('nothing left\n');
    expect(await program(`{ relay: 'ws://127.0.0.1:${greeter.port}' }`)).toBe('nothing left\n');
    expect(await program(`{ relay: '${viewers}' }`)).toBe('nothing left\n');
  } finally {
    await relay.stop();
    silent.close();
    greeter.close();
  }
}, 60_000);
