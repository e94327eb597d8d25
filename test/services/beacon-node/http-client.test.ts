import { getEventListeners } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createNodeAgent,
  HttpClient,
  type NodeExchange,
  type ReadRequest,
} from '../../../services/beacon-node/http-client.js';
import { parseNodeAddress } from '../../../services/beacon-node/node-address.js';
import { RealClock } from '../../../services/clock/real-clock.js';
import { VirtualClock } from '../../../services/clock/virtual-clock.js';
import { NodeServer, until } from './node-server.js';
import { NO_SIGNAL, rejectionOf } from './rejection.js';

const dispatcher = createNodeAgent();
const clock = new VirtualClock(0);
const MAX_BYTES = 1024 * 1024;

function client(url: string, ofClock: VirtualClock | RealClock = clock): HttpClient {
  return new HttpClient(parseNodeAddress(url), ofClock, dispatcher);
}

function get(path: string, signal = NO_SIGNAL, budgetMs = 1000): ReadRequest {
  return { method: 'GET', path, budgetMs, maxBytes: MAX_BYTES, signal };
}

const freed = () => new Promise((resolve) => setTimeout(resolve, 5));

describe('HttpClient', () => {
  let server: NodeServer;
  beforeEach(async () => {
    server = await new NodeServer().listen();
  });
  afterEach(async () => {
    await server.close();
  });

  it('tells an observer of each request when it is over: its endpoint without numbers, what became of it, the date', async () => {
    const seen: NodeExchange[] = [];
    const http = new HttpClient(parseNodeAddress(server.url), clock, dispatcher, (exchange) => seen.push(exchange));
    server.json({ ok: true });
    await http.getJson(get('/eth/v1/validator/duties/attester/17'));
    server.json({ message: 'not yet' }, 400);
    await http.post({ ...get('/eth/v1/x'), method: 'POST', body: [] }).catch(() => undefined);
    await http.send(get('/eth/v1/x'));
    server.handle((_, response) => void response.destroy());
    await http.getText(get('/eth/v1/x')).catch(() => undefined);
    await http.getText(get('/eth/v1/x', AbortSignal.abort())).catch(() => undefined);
    expect(seen.map(({ endpoint, outcome }) => `${endpoint} ${outcome}`)).toEqual([
      'GET /eth/v1/validator/duties/attester/{number} 2xx',
      'POST /eth/v1/x 4xx',
      'GET /eth/v1/x 4xx',
      'GET /eth/v1/x unreachable',
      'GET /eth/v1/x aborted',
    ]);
    expect(Date.parse(seen[0]!.date!)).toBeGreaterThan(Date.now() - 5000);
    expect(seen.at(-1)).toMatchObject({ date: undefined, sentAt: 0, endedAt: 0 });
  });

  it('sends credentials as a header, and the prefix and query of the address', async () => {
    server.json({ ok: true });
    const http = client(`http://user:s%20ecret@127.0.0.1:${server.port}/prefix/?key=k`);
    expect(await http.getJson({ ...get('/eth/v1/x'), query: 'slot=5' })).toEqual({ ok: true });
    const [seen] = server.requests;
    expect(seen?.target).toBe('/prefix/eth/v1/x?slot=5&key=k');
    expect(seen?.headers.authorization).toBe(`Basic ${Buffer.from('user:s ecret').toString('base64')}`);
    expect(seen?.headers).toMatchObject({ accept: 'application/json', 'accept-encoding': 'identity' });
  });

  it('keeps its connection, after a failure and an ignored body too', async () => {
    let status = 503;
    server.handle((_request, response) => void response.writeHead(status).end('{"message":"later"}'));
    const http = client(server.url);
    await rejectionOf(http.getJson(get('/eth/v1/x')));
    status = 200;
    // A connection is free only a turn of the event loop after its answer has been read.
    await freed();
    await http.getJson(get('/eth/v1/x'));
    await freed();
    await http.post({ ...get('/eth/v1/y'), method: 'POST', body: [1] });
    await freed();
    await http.getJson(get('/eth/v1/x'));
    expect(server.connections).toBe(1);
    expect(server.requests[2]).toMatchObject({ method: 'POST', body: '[1]' });
    expect(server.requests[2]?.headers['content-type']).toBe('application/json');
  });

  it('leaves no timer and no listener behind', async () => {
    server.json({});
    const caller = new AbortController();
    await client(server.url).getJson(get('/eth/v1/x', caller.signal));
    expect(getEventListeners(caller.signal, 'abort')).toEqual([]);
    server.json({}, 500);
    await rejectionOf(client(server.url).getJson(get('/eth/v1/x')));
    expect(clock.pending).toBe(0);
  });

  it("names the endpoint, the status, and the node's message, tamed", async () => {
    server.json({ code: 503, message: `syncing\n\u001b[31m\u202e${'!'.repeat(500)}` }, 503);
    const error = await rejectionOf(client(`http://user:secret@127.0.0.1:${server.port}`).getJson(get('/eth/v1/x')));
    expect(error).toMatchObject({ kind: 'http', status: 503 });
    expect(error.message).toMatch(/^GET \/eth\/v1\/x: HTTP 503: syncing {2}\[31m !+$/);
    expect(error.message.length).toBeLessThan(250);
    expect(error.message).not.toContain('secret');
  });

  it.each(['', '<html>nope</html>', '[1]', '{"message":5}', 'null'])(
    'shows nothing of the error body %j',
    async (body) => {
      server.handle((_request, response) => void response.writeHead(404).end(body));
      const error = await rejectionOf(client(server.url).getJson(get('/eth/v1/x')));
      expect(error.message).toBe('GET /eth/v1/x: HTTP 404');
    },
  );

  it('follows no redirect', async () => {
    server.handle((_request, response) => void response.writeHead(302, { location: `${server.url}/other` }).end());
    const error = await rejectionOf(client(server.url).getJson(get('/eth/v1/x')));
    expect(error).toMatchObject({ kind: 'http', status: 302 });
    expect(server.requests).toHaveLength(1);
  });

  it('refuses what is no JSON', async () => {
    server.handle((_request, response) => void response.end('<html>hello</html>'));
    const error = await rejectionOf(client(server.url).getJson(get('/eth/v1/x')));
    expect(error).toMatchObject({ kind: 'schema', message: 'GET /eth/v1/x: answer: expected JSON' });
  });

  it('refuses an endless answer', async () => {
    const piece = Buffer.alloc(64 * 1024, ' ');
    server.handle((_request, response) => {
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write(piece));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    const error = await rejectionOf(client(server.url).getJson(get('/eth/v1/x')));
    expect(error).toMatchObject({ kind: 'schema', message: 'GET /eth/v1/x: answer: larger than 1048576 bytes' });
    await until(() => server.brokenOff === 1, 'the connection is closed');
  });

  it('ends the request when the caller gives up: before headers', async () => {
    server.handle(() => undefined);
    const caller = new AbortController();
    const call = rejectionOf(client(server.url).getJson(get('/eth/v1/x', caller.signal)));
    await until(() => server.requests.length === 1, 'the request arrives');
    caller.abort();
    expect(await call).toMatchObject({ kind: 'aborted', message: 'GET /eth/v1/x: given up by the caller' });
    await until(() => server.brokenOff === 1, 'the connection is closed');
    expect(clock.pending).toBe(0);
  });

  it('ends the request when the caller gives up: in the body', async () => {
    server.handle((_request, response) => void response.writeHead(200).write('{"data":'));
    const caller = new AbortController();
    const call = rejectionOf(client(server.url).getJson(get('/eth/v1/x', caller.signal)));
    await until(() => server.requests.length === 1, 'the request arrives');
    await new Promise((resolve) => setTimeout(resolve, 20));
    caller.abort();
    expect((await call).kind).toBe('aborted');
    await until(() => server.brokenOff === 1, 'the connection is closed');
  });

  it('sends nothing for a caller who gave up before', async () => {
    const error = await rejectionOf(client(server.url).getJson(get('/eth/v1/x', AbortSignal.abort())));
    expect(error.kind).toBe('aborted');
    expect(server.requests).toHaveLength(0);
  });

  it('ends the request when its budget is used up on the injected clock, and not before', async () => {
    server.handle(() => undefined);
    let settled = false;
    const call = rejectionOf(client(server.url).getJson(get('/eth/v1/x'))).finally(() => (settled = true));
    await until(() => server.requests.length === 1, 'the request arrives');
    await clock.advanceBy(999);
    expect(settled).toBe(false);
    await clock.advanceBy(1);
    expect(await call).toMatchObject({ kind: 'timeout', message: 'GET /eth/v1/x: no complete answer within 1000 ms' });
    await until(() => server.brokenOff === 1, 'the connection is closed');
  });

  it('a body that trickles ends at the budget too', async () => {
    server.handle((_request, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write(' '), 5);
      response.on('close', () => clearInterval(timer));
    });
    const started = Date.now();
    const error = await rejectionOf(client(server.url, new RealClock()).getJson(get('/eth/v1/x', NO_SIGNAL, 100)));
    expect(error.kind).toBe('timeout');
    expect(Date.now() - started).toBeGreaterThanOrEqual(95);
    await until(() => server.brokenOff === 1, 'the connection is closed');
  });

  it('a POST is done with any 2xx, whatever the body', async () => {
    for (const [status, body] of [
      [200, ''],
      [202, '<html>'],
      [204, undefined],
      [200, ' '.repeat(200_000)],
    ] as const) {
      server.handle((_request, response) => void response.writeHead(status).end(body));
      await client(server.url).post({ ...get('/eth/v1/y'), method: 'POST', body: [] });
    }
    server.json({ message: 'no' }, 400);
    const error = await rejectionOf(client(server.url).post({ ...get('/eth/v1/y'), method: 'POST', body: [] }));
    expect(error).toMatchObject({ kind: 'http', status: 400, message: 'POST /eth/v1/y: HTTP 400: no' });
  });

  it('calls a refused connection unreachable', async () => {
    const { url } = server;
    await server.close();
    const error = await rejectionOf(client(url).getJson(get('/eth/v1/x')));
    expect(error.kind).toBe('unreachable');
    expect(error.message).toContain('ECONNREFUSED');
    server = await new NodeServer().listen();
  });

  it('calls an answer cut short unreachable', async () => {
    server.handle((_request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"data":');
      setTimeout(() => response.destroy(), 10);
    });
    expect((await rejectionOf(client(server.url).getJson(get('/eth/v1/x')))).kind).toBe('unreachable');
    server.handle((_request, response) => void response.destroy());
    expect((await rejectionOf(client(server.url).getJson(get('/eth/v1/x')))).kind).toBe('unreachable');
  });
});

describe('HttpClient at a port with something else', () => {
  async function listening(onConnection: (socket: Socket) => void): Promise<Server> {
    const server = createServer(onConnection);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  it('says that it does not speak HTTP', async () => {
    const server = await listening((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', () => socket.end('SSH-2.0-OpenSSH_9.6\r\n'));
    });
    const { port } = server.address() as AddressInfo;
    const error = await rejectionOf(client(`http://127.0.0.1:${port}`).getJson(get('/eth/v1/x')));
    expect(error.kind).toBe('schema');
    server.close();
  });

  it('calls a reset connection unreachable', async () => {
    const server = await listening((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', () => socket.resetAndDestroy());
    });
    const { port } = server.address() as AddressInfo;
    const error = await rejectionOf(client(`http://127.0.0.1:${port}`).getJson(get('/eth/v1/x')));
    expect(error.kind).toBe('unreachable');
    server.close();
  });

  it('calls an unknown host unreachable', async () => {
    const error = await rejectionOf(client('http://no-such-host.invalid').getJson(get('/eth/v1/x')));
    expect(error.kind).toBe('unreachable');
  });
});
