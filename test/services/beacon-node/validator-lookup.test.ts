import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BeaconNode } from '../../../machines/ports.js';
import { createHttpBeaconNode } from '../../../services/beacon-node/http-beacon-node.js';
import { VirtualClock } from '../../../services/clock/virtual-clock.js';
import { NodeServer, type SeenRequest } from './node-server.js';
import { NO_SIGNAL, rejectionOf } from './rejection.js';
import { PUBKEY, validatorRow } from './wire-bodies.js';

let server: NodeServer;
let clock: VirtualClock;
let node: BeaconNode & { close(): Promise<void> };

beforeEach(async () => {
  server = await new NodeServer().listen();
  clock = new VirtualClock(0);
  node = createHttpBeaconNode({ url: server.url, clock });
});
afterEach(async () => {
  await node.close();
  await server.close();
});

describe('getValidators', () => {
  const pubkeyOf = (index: number) => `0x${index.toString(16).padStart(96, '0')}`;
  const idsIn = (request: SeenRequest): string[] =>
    request.method === 'POST'
      ? (JSON.parse(request.body) as { ids: string[] }).ids
      : (new URL(request.target, 'http://x').searchParams.get('id') ?? '').split(',');
  const answerTo = (request: SeenRequest) => ({ data: idsIn(request).map((id) => validatorRow(Number(id))) });

  it('asks by POST, in chunks of 1000', async () => {
    server.json(answerTo);
    const ids = Array.from({ length: 2001 }, (_, i) => String(i));
    const records = await node.getValidators(ids, NO_SIGNAL);
    expect(records).toHaveLength(2001);
    expect(records[5]).toEqual({
      index: 5,
      pubkey: PUBKEY,
      status: 'active_ongoing',
      activationEpoch: 5,
      exitEpoch: Infinity,
    });
    expect(server.requests.map((request) => idsIn(request).length)).toEqual([1000, 1000, 1]);
    expect(server.requests[0]?.target).toBe('/eth/v1/beacon/states/head/validators');
  });

  it.each([400, 404, 405, 415, 501])('falls back to GET, and remembers it, after HTTP %d', async (status) => {
    server.handle((request, response) => {
      if (request.method === 'POST') response.writeHead(status).end();
      else response.end(JSON.stringify(answerTo(request)));
    });
    const ids = Array.from({ length: 65 }, (_, i) => String(i));
    expect(await node.getValidators(ids, NO_SIGNAL)).toHaveLength(65);
    expect(server.requests.map((request) => request.method)).toEqual(['POST', 'GET', 'GET']);
    expect(server.requests[2]?.target).toBe('/eth/v1/beacon/states/head/validators?id=64');
    await node.getValidators(['1'], NO_SIGNAL);
    expect(server.requests.at(-1)?.target).toBe('/eth/v1/beacon/states/head/validators?id=1');
    expect(server.requests).toHaveLength(4);
  });

  it('goes on with POST where GET fails as well', async () => {
    server.json({ message: 'no such state' }, 404);
    expect(await rejectionOf(node.getValidators(['1'], NO_SIGNAL))).toMatchObject({ kind: 'http', status: 404 });
    server.json(answerTo);
    await node.getValidators(['1'], NO_SIGNAL);
    expect(server.requests.map((request) => request.method)).toEqual(['POST', 'GET', 'POST']);
  });

  it('does not fall back where the node is only busy', async () => {
    server.json({ message: 'syncing' }, 503);
    expect(await rejectionOf(node.getValidators(['1'], NO_SIGNAL))).toMatchObject({ kind: 'http', status: 503 });
    expect(server.requests).toHaveLength(1);
  });

  it('asks nothing for nobody, who would be everybody', async () => {
    expect(await node.getValidators([], NO_SIGNAL)).toEqual([]);
    expect(server.requests).toHaveLength(0);
  });

  it('gives each validator asked for once, by index or pubkey, and no other', async () => {
    server.json({
      data: [validatorRow(1, pubkeyOf(1)), validatorRow(1, pubkeyOf(1)), validatorRow(2, pubkeyOf(0xab))],
    });
    const records = await node.getValidators(['1', pubkeyOf(0xab).toUpperCase().replace('0X', '0x')], NO_SIGNAL);
    expect(records.map((record) => record.index)).toEqual([1, 2]);
    server.json({ data: [validatorRow(1, pubkeyOf(1)), validatorRow(3, pubkeyOf(3))] });
    expect(await node.getValidators(['3'], NO_SIGNAL)).toHaveLength(1);
  });

  it.each([
    [validatorRow(1, PUBKEY, 'active_sleeping'), 'data[1].status: expected a validator status of the Beacon API'],
    [validatorRow(1, '0x12'), 'data[1].validator.pubkey: expected 48 bytes of 0x hex'],
    [{ index: '1', status: 'active_ongoing' }, 'data[1].validator: expected an object'],
    [validatorRow(2 ** 32), 'data[1].index: expected a decimal number'],
  ])('names the wrong field', async (row, message) => {
    server.json({ data: [validatorRow(0), row] });
    const error = await rejectionOf(node.getValidators(['0', '1'], NO_SIGNAL));
    expect(error.message).toBe(`POST /eth/v1/beacon/states/head/validators: ${message}`);
  });
});
