import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { Outlet, type OutletOptions } from '../../../src/inspector/outlet.js';
import { until } from './viewer.js';

const MOST_WAITING = 1_000_000;
const MESSAGE = 'x'.repeat(100_000);

let server: WebSocketServer;
let reader: WebSocket;
let ours: WebSocket;
let introductions = 0;
const said: string[] = [];

beforeEach(async () => {
  introductions = said.length = 0;
  server = new WebSocketServer({ port: 0, host: '127.0.0.1', autoPong: false });
  await once(server, 'listening');
  const connected = once(server, 'connection');
  reader = new WebSocket(`ws://127.0.0.1:${(server.address() as { port: number }).port}`);
  [ours] = (await connected) as [WebSocket];
  await once(reader, 'open');
});
afterEach(() => {
  reader.terminate();
  for (const client of server.clients) client.terminate();
  server.close();
});

function outlet(options: Partial<OutletOptions> = {}): Outlet {
  return new Outlet(ours, {
    name: 'a viewer',
    introduce: (send, done) => {
      introductions++;
      send('introduction');
      done();
    },
    onDiagnostic: ({ message }) => said.push(message),
    mostWaiting: MOST_WAITING,
    ...options,
  });
}

/** Stops reading below the WebSocket, as a peer that hangs does. */
function connectionOf(socket: WebSocket): Socket {
  return (socket as unknown as { _socket: Socket })._socket;
}

test('a reader that is too slow loses messages, and is introduced anew when it has caught up', async () => {
  const heard: string[] = [];
  reader.on('message', (data: Buffer) => heard.push(data.toString()));
  const viewer = outlet();
  connectionOf(reader).pause();
  for (let n = 0; n < 500; n++) {
    viewer.tell(MESSAGE);
    await new Promise((resolve) => setImmediate(resolve));
    expect(ours.bufferedAmount).toBeLessThanOrEqual(MOST_WAITING + 1000);
  }
  connectionOf(reader).resume();
  await until(() => introductions === 2);
  const dropped = Number(/^a viewer was too slow: (\d+) messages were dropped$/.exec(said[0]!)![1]);
  viewer.tell('the end');
  await until(() => heard.at(-1) === 'the end');
  expect(heard.at(-2)).toBe('introduction');
  // Whole messages: what came and what was dropped is all there was.
  expect(heard.length - 3 + dropped).toBe(500);
});

test('one that never reads is let go', async () => {
  const viewer = outlet({ longestBehindMs: 300 });
  connectionOf(reader).pause();
  const closed = once(ours, 'close');
  for (let n = 0; n < 500; n++) viewer.tell(MESSAGE);
  await closed;
  expect(said).toEqual([expect.stringMatching(/^a viewer does not read: let go, \d+ messages were dropped$/)]);
  viewer.tell(MESSAGE);
  expect(ours.bufferedAmount).toBe(0);
});

test('pings are answered, but not for one that does not read', async () => {
  outlet();
  reader.ping();
  await once(reader, 'pong');
  connectionOf(reader).pause();
  let asked = 0;
  while (asked < 200_000) {
    for (let n = 0; n < 2000; n++, asked++) reader.ping('x'.repeat(125));
    await new Promise((resolve) => setImmediate(resolve));
    expect(ours.bufferedAmount).toBeLessThan(100_000);
  }
});
