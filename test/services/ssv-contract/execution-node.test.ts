import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../services/clock/virtual-clock.js';
import { ExecutionNodeError } from '../../../services/ssv-contract/execution-errors.js';
import { createExecutionNode, type ExecutionNode } from '../../../services/ssv-contract/execution-node.js';
import { NodeServer, until, type SeenRequest } from '../beacon-node/node-server.js';
import { NO_SIGNAL } from '../beacon-node/rejection.js';
import { SocketServer, type SeenCall } from './socket-server.js';

const ADDRESS = `0x${'a5'.repeat(20)}`;
const HASH = `0x${'0b'.repeat(32)}`;
const LOGS = { address: ADDRESS, topics: [HASH], fromBlock: 10, toBlock: 300, maxBytes: 100_000 };
/** Calls with a small answer, and what the node answers. */
const SMALL: readonly [string, (node: ExecutionNode) => Promise<unknown>, unknown][] = [
  ['the chain id', (node) => node.getChainId(NO_SIGNAL), '0x5'],
  ['whether it syncs', (node) => node.getSyncing(NO_SIGNAL), false],
  ['a block', (node) => node.getBlock('latest', NO_SIGNAL), null],
];
const SMALL_LIMIT = 4 * 1024 * 1024;
/** An answer of so many bytes, its id behind what would otherwise be read first. */
function padded(id: number, result: unknown, bytes: number, place: 'first' | 'middle' | 'last'): string {
  const parts = { id: `"id":${id}`, rest: `"jsonrpc":"2.0","result":${JSON.stringify(result)}` };
  const filling = bytes - `{${parts.id},${parts.rest},"padding":""}`.length;
  const order = {
    first: [parts.id, parts.rest, `"padding":"${'x'.repeat(filling)}"`],
    middle: [`"padding":"${'x'.repeat(filling - 1000)}"`, parts.id, parts.rest, `"end":"${'x'.repeat(1000 - 9)}"`],
    last: [`"padding":"${'x'.repeat(filling)}"`, parts.rest, parts.id],
  };
  return `{${order[place].join(',')}}`;
}

const block = { number: '0x10', hash: HASH, parentHash: HASH, timestamp: '0x6b034646' };

async function failureOf(call: Promise<unknown>): Promise<ExecutionNodeError> {
  const error: unknown = await call.then(
    () => new Error('did not reject'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof ExecutionNodeError) return error;
  throw new Error('not an ExecutionNodeError', { cause: error });
}

let clock: VirtualClock;
let node: ExecutionNode;

describe('an execution node over http', () => {
  let server: NodeServer;
  beforeEach(async () => {
    clock = new VirtualClock(0);
    server = await new NodeServer().listen();
    node = createExecutionNode(`http://user:pass%20word@127.0.0.1:${server.port}/v3/key?k=1`, clock);
  });
  afterEach(async () => {
    await node.close();
    await server.close();
    expect(clock.pending).toBe(0);
  });
  const result = (value: unknown) => server.json({ jsonrpc: '2.0', id: 1, result: value });

  it('asks as JSON-RPC, with its credentials in a header and the path as given', async () => {
    result('0x7a69');
    expect(await node.getChainId(NO_SIGNAL)).toBe(31337);
    const request = server.requests[0]!;
    expect(request).toMatchObject({ method: 'POST', target: '/v3/key?k=1' });
    expect(request.headers.authorization).toBe(`Basic ${Buffer.from('user:pass word').toString('base64')}`);
    expect(JSON.parse(request.body)).toMatchObject({ jsonrpc: '2.0', method: 'eth_chainId', params: [] });
  });

  it('shows neither credentials nor the path, where providers keep a key', async () => {
    expect(node.url).toBe(`http://127.0.0.1:${server.port}/…`);
    await server.close();
    const error = await failureOf(node.getChainId(NO_SIGNAL));
    expect(error.kind).toBe('unreachable');
    expect(error.message).not.toMatch(/key|pass|user/);
    server = await new NodeServer().listen();
  });

  it('reads blocks, and none where there is none', async () => {
    result(block);
    expect(await node.getBlock(16, NO_SIGNAL)).toEqual({ number: 16, hash: HASH, timestamp: 0x6b034646 });
    expect(JSON.parse(server.requests[0]!.body)).toMatchObject({ params: ['0x10', false] });
    result(null);
    expect(await node.getBlock('latest', NO_SIGNAL)).toBeUndefined();
  });

  it.each([
    ['another block than asked for', { ...block, number: '0x11' }],
    ['a pending block', { ...block, hash: null }],
    ['a number', 5],
    ['no hex', { ...block, number: 'x' }],
  ])('refuses %s', async (_, value) => {
    result(value);
    expect(await failureOf(node.getBlock(16, NO_SIGNAL))).toMatchObject({ kind: 'schema' });
  });

  it('reads how far a node is that syncs', async () => {
    result(false);
    expect(await node.getSyncing(NO_SIGNAL)).toBeUndefined();
    result({ currentBlock: '0x5', highestBlock: '0xa', startingBlock: '0x0' });
    expect(await node.getSyncing(NO_SIGNAL)).toEqual({ currentBlock: 5, highestBlock: 10 });
  });

  it('asks for logs of one address by topic, and refuses what is none', async () => {
    result([]);
    expect(await node.getLogs(LOGS, NO_SIGNAL)).toEqual([]);
    const filter = { address: ADDRESS, topics: [[HASH]], fromBlock: '0xa', toBlock: '0x12c' };
    expect(JSON.parse(server.requests[0]!.body)).toMatchObject({ method: 'eth_getLogs', params: [filter] });
    result([{ address: ADDRESS, blockNumber: null }]);
    expect(await failureOf(node.getLogs(LOGS, NO_SIGNAL))).toMatchObject({ kind: 'schema' });
  });

  it('refuses an answer above the size asked for as too much', async () => {
    result(['x'.repeat(200_000)]);
    expect(await failureOf(node.getLogs(LOGS, NO_SIGNAL))).toMatchObject({ kind: 'limit' });
  });

  it('reads an answer of megabytes', async () => {
    server.json({ jsonrpc: '2.0', id: 1, result: '0x5', padding: 'x'.repeat(3_000_000) });
    expect(await node.getChainId(NO_SIGNAL)).toBe(5);
  });

  it.each(SMALL)('reads %s from an answer of 4 MB, and refuses a larger one', async (_, call, value) => {
    let bytes = SMALL_LIMIT;
    server.handle((_request, response) => void response.end(padded(1, value, bytes, 'last')));
    await call(node);
    bytes++;
    expect(await failureOf(call(node))).toMatchObject({ kind: 'limit' });
  });

  it.each<[string, number, string]>([
    ['EIP-1474, Infura', -32005, 'query returned more than 10000 results'],
    ['geth', -32000, 'exceed maximum block range: 5000'],
    ['Erigon', -32602, 'query exceeds max results 20000, retry with the range 1-2'],
    ['reth', -32602, 'query exceeds max block range 100000'],
    ['Besu', -32005, 'Requested range exceeds maximum RPC range limit'],
    ['Nethermind', -32603, 'Too many logs requested. Max logs per response is 20000.'],
    [
      'Alchemy, size',
      -32602,
      'Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range',
    ],
    [
      'Alchemy, free',
      -32600,
      'Under the Free tier plan, you can make eth_getLogs requests with up to a 10 block range',
    ],
    ['QuickNode', -32614, 'eth_getLogs is limited to a 10,000 range'],
    ['Ankr', -32600, 'block range is too wide'],
    ['Chainstack', -32000, 'Block range limit exceeded'],
    ['geth, slow', -32002, 'request timed out'],
    ['a node with the code alone', -32005, 'limit exceeded'],
  ])('takes the limit error of %s for too much at once', async (_, code, message) => {
    for (const status of [200, 400]) {
      server.json({ jsonrpc: '2.0', id: 1, error: { code, message } }, status);
      expect(await failureOf(node.getLogs(LOGS, NO_SIGNAL))).toMatchObject({ kind: 'limit', code });
    }
  });

  it.each<[number, string]>([
    [-32005, 'daily request count exceeded, request rate limited'],
    [-32005, 'Too Many Requests'],
    [429, 'Your app has exceeded its compute units per second capacity.'],
    [-32000, 'header not found'],
    [4444, 'pruned history unavailable'],
  ])('takes %i "%s" for no limit of the range', async (code, message) => {
    server.json({ jsonrpc: '2.0', id: 1, error: { code, message } });
    expect(await failureOf(node.getLogs(LOGS, NO_SIGNAL))).toMatchObject({ kind: 'rpc', code });
  });

  it.each<[number, string, string]>([
    [413, 'too large', 'limit'],
    [401, 'no', 'http'],
    [503, '<h1>busy', 'http'],
    [302, '', 'http'],
    [200, '<h1>hello', 'schema'],
    [200, '[]', 'schema'],
    [200, '{"ok":true}', 'schema'],
  ])('HTTP %i with %j', async (status, body, kind) => {
    server.handle((_: SeenRequest, response) => void response.writeHead(status, { location: '/' }).end(body));
    expect(await failureOf(node.getChainId(NO_SIGNAL))).toMatchObject({ kind });
    expect(server.requests).toHaveLength(1);
  });

  it('ends a request at its time budget, on the clock', async () => {
    server.handle(() => undefined);
    const failed = failureOf(node.getChainId(NO_SIGNAL));
    await until(() => server.requests.length === 1, 'the request is there');
    await clock.advanceBy(10_000);
    expect(await failed).toMatchObject({ kind: 'timeout' });
    await until(() => server.brokenOff === 1, 'the connection is closed');
  });

  it('ends a request that its caller gives up', async () => {
    server.handle(() => undefined);
    const caller = new AbortController();
    const failed = failureOf(node.getChainId(caller.signal));
    await until(() => server.requests.length === 1, 'the request is there');
    caller.abort();
    expect(await failed).toMatchObject({ kind: 'aborted' });
  });
});

describe('an execution node over ws', () => {
  let server: SocketServer;
  let heads: number;
  let losses: number;
  beforeEach(async () => {
    clock = new VirtualClock(0);
    heads = losses = 0;
    server = await new SocketServer().listen();
    node = createExecutionNode(`ws://user:secret@127.0.0.1:${server.port}/v3/key`, clock);
    node.listen({ onHead: () => heads++, onLost: () => losses++ });
  });
  afterEach(async () => {
    await node.close();
    await server.close();
    expect(clock.pending).toBe(0);
  });
  const answering = (value: unknown) => {
    server.handle = (call, socket) => server.answer(socket, call, value);
  };

  it('uses one connection for everything, with the credentials in a header', async () => {
    answering('0x5');
    expect(await Promise.all([node.getChainId(NO_SIGNAL), node.getChainId(NO_SIGNAL)])).toEqual([5, 5]);
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]!.url).toBe('/v3/key');
    expect(server.requests[0]!.headers.authorization).toBe(`Basic ${Buffer.from('user:secret').toString('base64')}`);
  });

  it('hears of new heads', async () => {
    answering('0x5');
    await node.getChainId(NO_SIGNAL);
    await until(() => heads === 1, 'the subscription is there');
    server.announce();
    await until(() => heads === 2, 'the head is heard of');
  });

  it('fails what is under way when the connection breaks, and opens another', async () => {
    const calls: SeenCall[] = [];
    server.handle = (call) => calls.push(call);
    const failed = failureOf(node.getChainId(NO_SIGNAL));
    await until(() => calls.length === 1, 'the call is there');
    server.sockets[0]!.terminate();
    expect(await failed).toMatchObject({ kind: 'unreachable' });
    expect(losses).toBe(1);
    answering('0x5');
    expect(await node.getChainId(NO_SIGNAL)).toBe(5);
    expect(server.sockets).toHaveLength(2);
  });

  it('gives a half-open connection up with the request that got no answer', async () => {
    server.handle = () => undefined;
    const failed = failureOf(node.getChainId(NO_SIGNAL));
    await until(() => server.calls.length === 1, 'the call is there');
    await clock.advanceBy(10_000);
    expect(await failed).toMatchObject({ kind: 'timeout' });
    expect(losses).toBe(1);
    answering('0x5');
    expect(await node.getChainId(NO_SIGNAL)).toBe(5);
    expect(server.sockets).toHaveLength(2);
  });

  it('calls a node that is not there unreachable, every time, without its key', async () => {
    const { port } = server;
    await server.close();
    for (let attempt = 0; attempt < 2; attempt++) {
      const error = await failureOf(node.getChainId(NO_SIGNAL));
      expect(error).toMatchObject({ kind: 'unreachable' });
      expect(error.message).not.toMatch(/secret|key/);
    }
    answering('0x5');
    await server.listen(port);
    expect(await node.getChainId(NO_SIGNAL)).toBe(5);
  });

  it('reads an answer of megabytes', async () => {
    server.handle = ({ id }, socket) =>
      socket.send(JSON.stringify({ id, result: '0x5', padding: 'x'.repeat(3_000_000) }));
    expect(await node.getChainId(NO_SIGNAL)).toBe(5);
  });

  it.each(['first', 'last'])('refuses an answer above the size asked for, its id %s', async (place) => {
    const rest = `"jsonrpc":"2.0","result":["${'x'.repeat(200_000)}"]`;
    server.handle = ({ id }, socket) =>
      socket.send(place === 'first' ? `{"id":${id},${rest}}` : `{${rest},"id":${id}}`);
    expect(await failureOf(node.getLogs(LOGS, NO_SIGNAL))).toMatchObject({ kind: 'limit' });
    expect(losses).toBe(0);
  });

  it.each(SMALL)('reads %s from an answer of 4 MB, and refuses a larger one', async (_, call, value) => {
    let bytes = SMALL_LIMIT;
    server.handle = ({ id }, socket) => socket.send(padded(id, value, bytes, 'last'));
    await call(node);
    bytes++;
    expect(await failureOf(call(node))).toMatchObject({ kind: 'limit' });
    expect(losses).toBe(0);
  });

  it('does not even read a message that is larger than anything asked for and hides whose it is', async () => {
    let bytes = SMALL_LIMIT;
    server.handle = ({ id }, socket) => socket.send(padded(id, '0x5', bytes, 'middle'));
    expect(await node.getChainId(NO_SIGNAL)).toBe(5);
    bytes++;
    const failed = failureOf(node.getChainId(NO_SIGNAL));
    await until(() => server.calls.length === 2, 'the call is there');
    // What comes behind it is heard: it has been passed over.
    heads = 0;
    server.announce();
    await until(() => heads === 1, 'the head is heard of');
    await clock.advanceBy(10_000);
    expect(await failed).toMatchObject({ kind: 'timeout' });
  });

  it('refuses one that hides whose it is above the size asked for, though another may be as large', async () => {
    server.handle = ({ id, method }, socket) => {
      if (method === 'eth_getLogs') socket.send(padded(id, [], 200_000, 'middle'));
    };
    const other = failureOf(node.getChainId(NO_SIGNAL));
    expect(await failureOf(node.getLogs(LOGS, NO_SIGNAL))).toMatchObject({ kind: 'limit' });
    await clock.advanceBy(10_000);
    expect(await other).toMatchObject({ kind: 'timeout' });
  });

  it('a message above 64 MB ends the connection', async () => {
    server.handle = ({ id }, socket) => socket.send(padded(id, [], 64 * 1024 * 1024 + 1, 'first'));
    const failed = failureOf(node.getLogs({ ...LOGS, maxBytes: 100 * 1024 * 1024 }, NO_SIGNAL));
    expect(await failed).toMatchObject({ kind: 'unreachable' });
    expect(losses).toBe(1);
  });

  it('outlives nonsense and answers nobody waits for', async () => {
    server.handle = (call, socket) => {
      socket.send('nonsense');
      socket.send('[1]');
      socket.send('{"id":99,"result":1}');
      socket.send(JSON.stringify({ id: call.id, error: { code: -32000, message: 'no\nway' } }));
    };
    expect(await failureOf(node.getChainId(NO_SIGNAL))).toMatchObject({
      kind: 'rpc',
      message: 'eth_chainId: no way (-32000)',
    });
  });

  it('ends a request that its caller gives up, and nothing when it is closed', async () => {
    server.handle = () => undefined;
    const caller = new AbortController();
    const failed = failureOf(node.getChainId(caller.signal));
    await until(() => server.calls.length === 1, 'the call is there');
    caller.abort();
    expect(await failed).toMatchObject({ kind: 'aborted' });
    expect(losses).toBe(0);
    const open = failureOf(node.getChainId(NO_SIGNAL));
    await node.close();
    expect(await open).toMatchObject({ kind: 'unreachable' });
  });
});

it.each(['', 'localhost:8545', 'ftp://user:secret@host'])('refuses the address %j without repeating it', (text) => {
  expect(() => createExecutionNode(text, new VirtualClock(0))).toThrow(/^an execution node address must/);
});
