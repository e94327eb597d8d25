import { getEventListeners } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BeaconNode } from '../../../machines/ports.js';
import { createHttpBeaconNode } from '../../../services/beacon-node/http-beacon-node.js';
import { VirtualClock } from '../../../services/clock/virtual-clock.js';
import { NodeServer, until } from './node-server.js';
import { RecordingListener } from './recording-listener.js';
import { headEventData, ROOT_A, ROOT_B } from './wire-bodies.js';

let server: NodeServer;
let clock: VirtualClock;
let node: BeaconNode & { close(): Promise<void> };
let listener: RecordingListener;
let caller: AbortController;
/** Every response that the server has begun. */
let streams: ServerResponse[];

const sse = { 'content-type': 'text/event-stream' };
const event = (slot: number) => `event: head\ndata: ${JSON.stringify(headEventData(slot))}\n\n`;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

beforeEach(async () => {
  server = await new NodeServer().listen();
  streams = [];
  server.handle((_request, response) => {
    streams.push(response);
    response.writeHead(200, sse).flushHeaders();
  });
  clock = new VirtualClock(0);
  node = createHttpBeaconNode({ url: `http://user:secret@127.0.0.1:${server.port}/prefix`, clock });
  listener = new RecordingListener();
  caller = new AbortController();
});
afterEach(async () => {
  caller.abort();
  await node.close();
  await server.close();
});

async function open(): Promise<ServerResponse> {
  node.openHeadStream(listener, caller.signal);
  await until(() => streams.length === 1, 'the request arrives');
  const [stream] = streams;
  if (stream === undefined) throw new Error('no stream');
  return stream;
}

describe('openHeadStream', () => {
  describe('tells whoever counts', () => {
    let told: string[];
    beforeEach(async () => {
      told = [];
      await node.close();
      node = createHttpBeaconNode({
        url: server.url,
        clock,
        onExchange: ({ endpoint, outcome, isStream, date }) =>
          told.push(`${endpoint} ${outcome}${isStream ? '' : ' no stream'}${date === undefined ? '' : ' dated'}`),
      });
    });

    it('that a stream has opened, and that the node ended it', async () => {
      const stream = await open();
      await until(() => listener.opens === 1, 'the stream is open');
      expect(told).toEqual(['GET /eth/v1/events 2xx dated']);
      stream.end();
      await until(() => listener.closes.length === 1, 'the end is noticed');
      caller.abort();
      expect(told).toEqual(['GET /eth/v1/events 2xx dated', 'GET /eth/v1/events closed']);
    });

    it('that we ended it, open or not', async () => {
      server.handle((_request, response) => void streams.push(response));
      await open();
      caller.abort();
      expect(told).toEqual(['GET /eth/v1/events aborted']);
      server.handle((_request, response) => void response.writeHead(200, sse).flushHeaders());
      const other = new AbortController();
      node.openHeadStream(listener, other.signal);
      await until(() => listener.opens === 1, 'the stream is open');
      other.abort();
      expect(told.slice(1)).toEqual(['GET /eth/v1/events 2xx dated', 'GET /eth/v1/events aborted']);
    });

    it.each<[string, (response: ServerResponse) => void]>([
      ['5xx', (response) => void response.writeHead(503).end('{"message":"later"}')],
      ['unreachable', (response) => void response.destroy()],
      ['schema', (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{}')],
    ])('that it did not open: %s', async (outcome, answer) => {
      server.handle((_request, response) => answer(response));
      node.openHeadStream(listener, caller.signal);
      await until(() => listener.closes.length === 1, 'the failure is noticed');
      expect(told).toEqual([`GET /eth/v1/events ${outcome}`]);
    });
  });

  it('asks for heads only, with the credentials in a header', async () => {
    await open();
    await until(() => listener.opens === 1, 'the stream is open');
    const [request] = server.requests;
    expect(request?.target).toBe('/prefix/eth/v1/events?topics=head');
    expect(request?.headers.accept).toBe('text/event-stream');
    expect(request?.headers['accept-encoding']).toBe('identity');
    expect(request?.headers.authorization).toBe(`Basic ${Buffer.from('user:secret').toString('base64')}`);
  });

  it('hands over heads as they come, however they are cut', async () => {
    const stream = await open();
    const text = event(5) + event(6) + event(4);
    for (let i = 0; i < text.length; i += 100) {
      stream.write(text.slice(i, i + 100));
      await pause(1);
    }
    await until(() => listener.heads.length === 3, 'three heads');
    expect(listener.heads.map((head) => head.slot)).toEqual([5, 6, 4]);
    expect(listener.heads[0]).toEqual({
      slot: 5,
      block: ROOT_A,
      previousDutyDependentRoot: ROOT_A,
      currentDutyDependentRoot: ROOT_B,
      epochTransition: false,
      executionOptimistic: false,
    });
    expect(listener.closes).toEqual([]);
  });

  it('waits for the response headers as long as it takes', async () => {
    server.handle((_request, response) => void streams.push(response));
    const stream = await open();
    await clock.advanceBy(86_400_000);
    expect(listener.log).toEqual([]);
    stream.writeHead(200, sse).write(event(5));
    await until(() => listener.log.length === 3, 'the head, and the sign of life');
    // Duties wait for the head; the sign of life can wait.
    expect(listener.log).toEqual(['opened', 'head', 'alive']);
  });

  it('shows life by comments and foreign events', async () => {
    const stream = await open();
    stream.write(': keep-alive\n\n');
    await until(() => listener.log.includes('alive'), 'a sign of life');
    stream.write('event: block\ndata: {"slot":"1"}\n\nevent: open\ndata: 1\n\nevent: error\ndata: 1\n\ndata: 5\n\n');
    stream.write(event(9));
    await until(() => listener.heads.length === 1, 'the head');
    expect(listener.opens).toBe(1);
    expect(listener.closes).toEqual([]);
  });

  it('reports a malformed head and goes on', async () => {
    const stream = await open();
    stream.write('event: head\ndata: {"slot":"x"}\n\nevent: head\ndata: nonsense\n\n');
    stream.write(event(7));
    await until(() => listener.heads.length === 1, 'the head after');
    expect(listener.malformedEvents.map((error) => [error.kind, error.message])).toEqual([
      ['schema', 'GET /eth/v1/events head: slot: expected a decimal number'],
      ['schema', 'GET /eth/v1/events head: answer: expected JSON'],
    ]);
    expect(listener.closes).toEqual([]);
  });

  it('says once that the node ended the stream, and never dials again', async () => {
    const stream = await open();
    await until(() => listener.opens === 1, 'the stream is open');
    stream.end(`retry: 1\n\n${event(5)}`);
    await until(() => listener.closes.length === 1, 'the stream is over');
    expect(listener.closes[0]).toMatchObject({ kind: 'unreachable' });
    expect(listener.heads).toHaveLength(1);
    await pause(30);
    expect(server.requests).toHaveLength(1);
    expect(listener.closes).toHaveLength(1);
  });

  it('has no timer of EventSource running after any end', async () => {
    const realTimers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const stream = await open();
    await until(() => listener.opens === 1, 'the stream is open');
    const before = realTimers();
    stream.write('retry: 60000\n\n');
    stream.destroy();
    await until(() => listener.closes.length === 1, 'the stream is over');
    await pause(10);
    expect(realTimers()).toBeLessThanOrEqual(before);
  });

  it('calls a broken connection unreachable', async () => {
    const stream = await open();
    await until(() => listener.opens === 1, 'the stream is open');
    stream.write('event: head\n');
    await pause(5);
    stream.destroy();
    await until(() => listener.closes.length === 1, 'the stream is over');
    expect(listener.closes[0]?.kind).toBe('unreachable');
    expect(getEventListeners(caller.signal, 'abort')).toEqual([]);
  });

  it('calls a node that is not there unreachable', async () => {
    await server.close();
    node.openHeadStream(listener, caller.signal);
    await until(() => listener.closes.length === 1, 'the stream is over');
    expect(listener.closes[0]).toMatchObject({ kind: 'unreachable' });
    expect(listener.closes[0]?.message).toMatch(/^GET \/eth\/v1\/events: .*ECONNREFUSED/);
    expect(listener.closes[0]?.message).not.toContain('secret');
    server = await new NodeServer().listen();
  });

  it.each([400, 503, 302, 204])('closes on HTTP %d with what the node says', async (status) => {
    server.handle((_request, response) => {
      response
        .writeHead(status, { location: '/elsewhere' })
        .end(status === 204 ? undefined : '{"message":"Invalid topic"}');
    });
    node.openHeadStream(listener, caller.signal);
    await until(() => listener.closes.length === 1, 'the stream is over');
    expect(listener.closes[0]).toMatchObject({ kind: 'http', status });
    expect(listener.closes[0]?.message).toBe(
      `GET /eth/v1/events: HTTP ${status}${status === 204 ? '' : ': Invalid topic'}`,
    );
    expect(listener.opens).toBe(0);
    expect(clock.pending).toBe(0);
    await pause(20);
    expect(server.requests).toHaveLength(1);
  });

  it('waits for the words of a refusal no longer than two seconds', async () => {
    server.handle((_request, response) => void response.writeHead(503).write('{"mess'));
    node.openHeadStream(listener, caller.signal);
    await until(() => clock.pending === 1, 'the refusal is being read');
    await clock.advanceBy(2000);
    await until(() => listener.closes.length === 1, 'the stream is over');
    expect(listener.closes[0]).toMatchObject({ kind: 'http', status: 503 });
    await until(() => server.brokenOff === 1, 'the connection is closed');
  });

  it('closes on an answer that is no event stream', async () => {
    server.handle((_request, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>hi'));
    node.openHeadStream(listener, caller.signal);
    await until(() => listener.closes.length === 1, 'the stream is over');
    expect(listener.closes[0]?.kind).toBe('schema');
    expect(listener.opens).toBe(0);
  });

  it('refuses an event without end', async () => {
    const stream = await open();
    stream.write('event: head\ndata: ');
    const more = () => {
      while (!stream.destroyed && stream.write('x'.repeat(65_536)));
      if (!stream.destroyed) stream.once('drain', more);
    };
    more();
    await until(() => listener.closes.length === 1, 'the stream is over');
    expect(listener.closes[0]).toMatchObject({
      kind: 'schema',
      message: 'GET /eth/v1/events head: answer: larger than 1048576 bytes',
    });
    await until(() => server.brokenOff === 1, 'the connection is closed');
  });

  it('ends silently, and for real, when the caller gives up', async () => {
    const stream = await open();
    await until(() => listener.opens === 1, 'the stream is open');
    caller.abort();
    await until(() => server.brokenOff === 1, 'the connection is closed');
    stream.write(event(5));
    await pause(10);
    expect(listener.log).toEqual(['opened']);
  });

  it('ends when the caller gives up before the headers', async () => {
    server.handle((_request, response) => void streams.push(response));
    await open();
    caller.abort();
    await until(() => server.brokenOff === 1, 'the connection is closed');
    expect(listener.log).toEqual([]);
  });

  it('nothing comes after the caller gave up, not even from the same bytes', async () => {
    const stream = await open();
    listener.onHead = () => caller.abort();
    stream.write(event(5) + event(6));
    await until(() => server.brokenOff === 1, 'the connection is closed');
    expect(listener.heads.map((head) => head.slot)).toEqual([5]);
    expect(listener.closes).toEqual([]);
  });

  it('sends nothing for a caller who gave up before', async () => {
    caller.abort();
    node.openHeadStream(listener, caller.signal);
    await pause(20);
    expect(server.requests).toHaveLength(0);
    expect(listener.log).toEqual([]);
  });

  it('is over when the node is closed', async () => {
    await open();
    await until(() => listener.opens === 1, 'the stream is open');
    await node.close();
    await until(() => listener.closes.length === 1, 'the stream is over');
    expect(listener.closes[0]?.kind).toBe('aborted');
  });
});
