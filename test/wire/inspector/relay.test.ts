import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInspectorServer } from '@statelyai/inspect/server';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { createActor, createMachine } from 'xstate';
import { createStatelyInspector, type StatelyInspector } from '../../../src/inspector/stately-inspector.js';
import { listenWith, openInspector, until, Viewer } from './viewer.js';

const MACHINE = createMachine({
  id: 'switch',
  initial: 'off',
  states: { off: { description: 'It is dark.', on: { FLIP: 'on' } }, on: { on: { FLIP: 'off' } } },
});

const opened: { stop(): unknown }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.stop();
});

async function inspected() {
  const opening = await openInspector();
  const actor = createActor(MACHINE, { id: 'lamp', inspect: opening.inspector.inspect }).start();
  opened.push(opening.inspector, actor);
  return { ...opening, actor };
}

/** Sends to a relay as `--inspect ws://…` does. */
async function sending(relay: string): Promise<StatelyInspector & { readonly said: string[] }> {
  const said: string[] = [];
  const inspector = await createStatelyInspector({ relay, onDiagnostic: ({ message }) => said.push(message) });
  opened.push(inspector);
  return { ...inspector, said };
}

async function opening(url: string, options: { origin?: string; headers?: Record<string, string> } = {}) {
  const socket = new WebSocket(url, options);
  opened.push({ stop: () => socket.terminate() });
  const outcome = await new Promise<number | 'open'>((resolve) => {
    socket.on('error', () => undefined);
    socket.on('open', () => resolve('open'));
    socket.on('unexpected-response', (_, { statusCode }) => resolve(statusCode!));
  });
  return { socket, outcome };
}

describe('who may look', () => {
  test.each([
    ['https://stately.ai', 'open'],
    ['https://www.stately.ai', 'open'],
    ['https://stately.ai.evil.example', 403],
    ['http://stately.ai', 403],
    ['http://localhost:3000', 403],
    ['null', 403],
  ])('a page of %s: %s', async (origin, outcome) => {
    const { viewers } = await inspected();
    expect((await opening(viewers, { origin })).outcome).toBe(outcome);
  });

  test("the relay's own page, and programs without an origin", async () => {
    const { viewers, inspector } = await inspected();
    expect((await opening(viewers, { origin: inspector.url! })).outcome).toBe('open');
    expect((await opening(viewers)).outcome).toBe('open');
  });

  test('not under a name that was made to point here', async () => {
    const { viewers, inspector } = await inspected();
    const headers = { host: `evil.example:${new URL(viewers).port}` };
    expect((await opening(viewers, { headers })).outcome).toBe(403);
    const page = await fetch(inspector.url!);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(await page.text()).toContain('https://stately.ai/inspect');
    expect((await fetch(`${inspector.url}/bridge.js`)).status).toBe(200);
    expect((await fetch(`${inspector.url}/other`)).status).toBe(404);
    expect((await fetch(inspector.url!, { method: 'POST' })).status).toBe(405);
    expect((await fetch(inspector.url!, { headers: { origin: 'http://evil.example' } })).status).toBe(403);
  });

  test('only from this machine, at 127.0.0.1', async () => {
    const { viewers } = await inspected();
    expect((await opening(viewers)).outcome).toBe('open');
    // Every address of 127.0.0.0/8 is this machine's: a relay that listens everywhere would answer there.
    await expect(fetch(viewers.replace('ws:', 'http:').replace('127.0.0.1', '127.0.0.2'))).rejects.toThrow();
  });

  test('no more than eight', async () => {
    const { viewers } = await inspected();
    for (let n = 0; n < 8; n++) expect((await opening(viewers)).outcome).toBe('open');
    expect((await opening(viewers)).outcome).toBe(503);
  });
});

/** A well-formed event of a guest, a little larger than so many bytes. */
const guestEvent = (bytes: number) =>
  JSON.stringify({ type: '@xstate.event', sessionId: 'x:0', _version: '0.7.2', event: 'x'.repeat(bytes) });

describe('viewers that mean no good', () => {
  test('one that sends an event to our actor, under its own session, changes nothing', async () => {
    const { viewers, actor } = await inspected();
    const viewer = new Viewer(viewers);
    await viewer.until(({ names }) => names.includes('lamp'));
    const { sessionId } = viewer.heard.find(({ type }) => type === '@xstate.actor')!;
    const { socket } = await opening(viewers);
    const told = { sessionId, rootId: sessionId, event: { type: 'FLIP' }, _version: '0.7.2', id: 'e', createdAt: '1' };
    socket.send(JSON.stringify({ ...told, type: '@xstate.event' }));
    await viewer.until(({ heard }) => heard.some(({ sessionId: heardOf }) => heardOf.startsWith('guest-')));
    expect(actor.getSnapshot().value).toBe('off');
  });

  test.each<[string, (socket: WebSocket) => void]>([
    ['garbage', (socket) => socket.send('garbage')],
    ['JSON that is no event', (socket) => socket.send('{"type":"@xstate.event"}')],
    ['bytes', (socket) => socket.send(Buffer.alloc(1000))],
    [
      'an event nested deeper than can be written again',
      (socket) => {
        const nested = '['.repeat(100_000) + ']'.repeat(100_000);
        socket.send(`{"type":"@xstate.event","sessionId":"x:0","_version":"0.7.2","event":${nested}}`);
      },
    ],
    ['a huge frame', (socket) => socket.send('x'.repeat(20_000_000))],
    ['a frame over 256 kB', (socket) => socket.send(guestEvent(256 * 1024))],
    [
      'more than 4 MB at once',
      (socket) => {
        for (let n = 0; n < 25; n++) socket.send(guestEvent(200_000));
      },
    ],
    [
      'more than is good',
      (socket) => {
        const event = { type: '@xstate.event', sessionId: 'x:0', _version: '0.7.2', event: 'x'.repeat(200_000) };
        for (let n = 0; n < 100; n++) socket.send(JSON.stringify(event));
      },
    ],
  ])('one that sends %s is shown the door; others do not notice', async (_, misbehave) => {
    const { viewers, actor } = await inspected();
    const viewer = new Viewer(viewers);
    await viewer.until(({ names }) => names.includes('lamp'));
    const { socket } = await opening(viewers);
    misbehave(socket);
    await new Promise((resolve) => socket.on('close', resolve));
    actor.send({ type: 'FLIP' });
    await viewer.until((seen) => seen.of('lamp').at(-1)?.value === 'on');
  });

  test('no HTTP at all, or half of it', async () => {
    const { viewers, actor } = await inspected();
    const port = Number(new URL(viewers).port);
    for (const bytes of ['\0\xff\0garbage\r\n\r\n', 'GET / HTTP/1.1\r\nHost: local']) {
      const socket = connect({ port, host: '127.0.0.1' });
      opened.push({ stop: () => socket.destroy() });
      socket.on('error', () => undefined);
      socket.write(bytes);
    }
    const viewer = new Viewer(viewers);
    actor.send({ type: 'FLIP' });
    await viewer.until((seen) => seen.of('lamp').at(-1)?.value === 'on');
  });

  test('one that asks with pings and never reads is not answered for ever', async () => {
    const { viewers } = await inspected();
    const { socket } = await opening(viewers);
    const connection = (socket as unknown as { _socket: Socket })._socket;
    connection.pause();
    const before = process.memoryUsage().external;
    for (let round = 0; round < 50; round++) {
      for (let n = 0; n < 1000; n++) socket.ping('x'.repeat(125));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(process.memoryUsage().external - before).toBeLessThan(100_000_000);
  });
});

describe('other programs send to the relay', () => {
  test('their actors are shown beside ours, to late viewers too, and are forgotten with them', async () => {
    const { viewers } = await inspected();
    const guest = await sending(viewers);
    const actor = createActor(MACHINE, { id: 'guest-lamp', inspect: guest.inspect }).start();
    const viewer = new Viewer(viewers);
    await viewer.until(({ names }) => names.includes('guest-lamp') && names.includes('lamp'));
    actor.send({ type: 'FLIP' });
    await viewer.until((seen) => seen.of('guest-lamp').at(-1)?.value === 'on');
    expect(viewer.of('lamp').at(-1)!.value).toBe('off');

    const late = new Viewer(viewers);
    await late.until((seen) => seen.of('guest-lamp').at(-1)?.value === 'on');
    await guest.stop();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const last = new Viewer(viewers);
    await last.until(({ names }) => names.includes('lamp'));
    expect(last.names).not.toContain('guest-lamp');
  });

  test("the package's own relay takes them too", async () => {
    const port = 20_000 + (process.pid % 20_000);
    const server = createInspectorServer({ port, autoOpen: false });
    opened.push(server);
    const inspector = await sending(`ws://127.0.0.1:${port}`);
    await until(() => inspector.said.some((message) => message.includes('connected')));
    const viewer = new Viewer(`ws://127.0.0.1:${port}`);
    const actor = createActor(MACHINE, { id: 'lamp', inspect: inspector.inspect }).start();
    actor.send({ type: 'FLIP' });
    await viewer.until((seen) => seen.of('lamp').at(-1)?.value === 'on');
    actor.stop();
  });

  test('a relay that was down is found when it comes, with every actor that is alive', async () => {
    const gone = await listenWith((socket) => socket.destroy());
    const inspector = await sending(`ws://user:secret@127.0.0.1:${gone.port}`);
    const actor = createActor(MACHINE, { id: 'lamp', inspect: inspector.inspect }).start();
    await until(() => inspector.said.length > 0);
    gone.close();
    actor.send({ type: 'FLIP' });
    const server = new WebSocketServer({ port: gone.port, host: '127.0.0.1' });
    opened.push({ stop: () => server.close() }, { stop: () => server.clients.forEach((client) => client.terminate()) });
    const first = await new Promise<string>((resolve) =>
      server.on('connection', (socket) => socket.on('message', (data: Buffer) => resolve(data.toString()))),
    );
    expect(JSON.parse(first)).toMatchObject({ type: '@xstate.actor', name: 'lamp', snapshot: { value: 'on' } });
    expect(inspector.said.join('\n')).not.toContain('secret');
    expect(inspector.said.filter((message) => message.includes('not there'))).toHaveLength(1);
    actor.stop();
  });

  test('a relay that sends without end is left', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    opened.push({ stop: () => server.close() });
    let isLeft = false;
    server.on('connection', (socket) => {
      const load = 'x'.repeat(4_000_000);
      const pour = () => socket.readyState === socket.OPEN && socket.send(load, () => setImmediate(pour));
      socket.on('close', () => (isLeft = true));
      pour();
    });
    const inspector = await sending(`ws://127.0.0.1:${(server.address() as { port: number }).port}`);
    await until(() => isLeft);
    await until(() => inspector.said.some((message) => message.includes('it sends too much')));
  });
});

test('a port that is taken is said', async () => {
  const { inspector } = await inspected();
  const port = Number(new URL(inspector.url!).port);
  await expect(createStatelyInspector({ port })).rejects.toThrow(`port ${port} on 127.0.0.1 is taken`);
});
