import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BeaconNode } from '../../../machines/ports.js';
import { createHttpBeaconNode } from '../../../services/beacon-node/http-beacon-node.js';
import { VirtualClock } from '../../../services/clock/virtual-clock.js';
import { NodeServer, type SeenRequest, until } from './node-server.js';
import { NO_SIGNAL, rejectionOf } from './rejection.js';
import { FAR_FUTURE, ROOT_A, ROOT_B, SPEC_DATA } from './wire-bodies.js';

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

describe('createHttpBeaconNode', () => {
  it('shows its address without credentials', () => {
    const shown = createHttpBeaconNode({ url: 'http://user:secret@host:1/prefix/', clock });
    expect(shown.url).toBe('http://host:1/prefix');
    expect(JSON.stringify(shown)).not.toContain('secret');
  });

  it('throws for an unusable address', () => {
    expect(() => createHttpBeaconNode({ url: 'nowhere', clock })).toThrow(TypeError);
  });

  it('ends what is under way when it is closed', async () => {
    server.handle(() => undefined);
    const call = rejectionOf(node.getSyncStatus(NO_SIGNAL));
    await until(() => server.requests.length === 1, 'the request arrives');
    await node.close();
    expect((await call).kind).toBe('aborted');
    expect((await rejectionOf(node.getSyncStatus(NO_SIGNAL))).kind).toBe('aborted');
    expect(clock.pending).toBe(0);
  });
});

describe('getChainSpec', () => {
  it('joins spec and genesis', async () => {
    server.json((request: SeenRequest) =>
      request.target === '/eth/v1/config/spec'
        ? { data: { ...SPEC_DATA, BLOB_SCHEDULE: [], ALTAIR_FORK_EPOCH: '3' } }
        : { data: { genesis_time: '1606824023', genesis_validators_root: ROOT_B } },
    );
    expect(await node.getChainSpec(NO_SIGNAL)).toMatchObject({
      genesisTimeMs: 1_606_824_023_000,
      genesisValidatorsRoot: ROOT_B,
      slotDurationMs: 6000,
      slotsPerEpoch: 8,
      forkEpochs: { altair: 3, fulu: Infinity, gloas: Infinity },
    });
    expect(server.requests.map((request) => request.target)).toEqual(['/eth/v1/config/spec', '/eth/v1/beacon/genesis']);
  });

  function genesis(status: number, body: string): void {
    server.handle((request, response) => {
      if (request.target === '/eth/v1/config/spec') response.end(JSON.stringify({ data: SPEC_DATA }));
      else response.writeHead(status).end(body);
    });
  }

  it('resolves to undefined while genesis is not known', async () => {
    genesis(404, '{"code":404,"message":"Chain genesis info is not yet known"}');
    expect(await node.getChainSpec(NO_SIGNAL)).toBeUndefined();
  });

  it.each([
    [404, '<html>not here</html>', 'http'],
    [404, '"text"', 'http'],
    [503, '{"message":"later"}', 'http'],
    [200, '{"data":{"genesis_time":"x"}}', 'schema'],
    [200, `{"data":{"genesis_time":"9007199254741","genesis_validators_root":"${ROOT_A}"}}`, 'schema'],
    [200, 'ok', 'schema'],
  ] as const)('rejects a genesis answer %d %s', async (status, body, kind) => {
    genesis(status, body);
    const error = await rejectionOf(node.getChainSpec(NO_SIGNAL));
    expect(error.kind).toBe(kind);
    expect(error.message).toContain('GET /eth/v1/beacon/genesis');
  });

  it.each(['<html>hello</html>', '{}', '{"data":[]}', '{"data":null}', '[]'])(
    'calls a server that answers the spec with %s no beacon node',
    async (body) => {
      server.handle((_request, response) => void response.end(body));
      const error = await rejectionOf(node.getChainSpec(NO_SIGNAL));
      expect(error).toMatchObject({ kind: 'schema' });
      expect(error.message).toContain('GET /eth/v1/config/spec: ');
    },
  );

  it('takes nothing from a key called __proto__', async () => {
    server.handle((_request, response) => {
      response.end('{"data":{"__proto__":{"SLOTS_PER_EPOCH":"8"},"SLOT_DURATION_MS":"6000"}}');
    });
    expect((await rejectionOf(node.getChainSpec(NO_SIGNAL))).message).toContain('data.SLOTS_PER_EPOCH: missing');
    expect(({} as Record<string, unknown>)['SLOTS_PER_EPOCH']).toBeUndefined();
  });
});

describe('getSyncStatus', () => {
  it('reads all fields, and takes the later ones as no where they are missing', async () => {
    server.json({
      data: { head_slot: '7', sync_distance: 3, is_syncing: true, is_optimistic: true, el_offline: true },
    });
    expect(await node.getSyncStatus(NO_SIGNAL)).toEqual({
      headSlot: 7,
      syncDistance: 3,
      isSyncing: true,
      isOptimistic: true,
      elOffline: true,
    });
    server.json({ data: { head_slot: '7', sync_distance: '0', is_syncing: false } });
    expect(await node.getSyncStatus(NO_SIGNAL)).toMatchObject({ isOptimistic: false, elOffline: false });
  });

  it.each([
    [{ data: { head_slot: '1', is_syncing: false } }, 'data.sync_distance: expected a decimal number'],
    [{ data: { head_slot: '1', sync_distance: '0', is_syncing: 'no' } }, 'data.is_syncing: expected true or false'],
    [{ data: null }, 'data: expected an object'],
    [[], 'answer: expected an object'],
  ])('names endpoint and field of %j', async (body, message) => {
    server.json(body);
    const error = await rejectionOf(node.getSyncStatus(NO_SIGNAL));
    expect(error).toMatchObject({ kind: 'schema', message: `GET /eth/v1/node/syncing: ${message}` });
  });
});

describe('data of a slot', () => {
  const data = (slot: string) => ({
    data: {
      slot,
      index: '0',
      beacon_block_root: ROOT_A.toUpperCase().replace('0X', '0x'),
      source: { epoch: '1', root: ROOT_A },
      target: { epoch: '2', root: ROOT_B },
    },
  });

  it('reads attestation data', async () => {
    server.json(data('42'));
    expect(await node.getAttestationData(42, 0, NO_SIGNAL)).toEqual({
      slot: 42,
      index: 0,
      beaconBlockRoot: ROOT_A,
      source: { epoch: 1, root: ROOT_A },
      target: { epoch: 2, root: ROOT_B },
    });
    await node.getAttestationData(42, undefined, NO_SIGNAL);
    expect(server.requests.map((request) => request.target)).toEqual([
      '/eth/v1/validator/attestation_data?slot=42&committee_index=0',
      '/eth/v1/validator/attestation_data?slot=42',
    ]);
  });

  it('refuses the data of another slot', async () => {
    server.json(data('41'));
    const error = await rejectionOf(node.getAttestationData(42, 0, NO_SIGNAL));
    expect(error).toMatchObject({
      kind: 'schema',
      message: 'GET /eth/v1/validator/attestation_data: data.slot: expected 42, not 41',
    });
  });

  it('refuses a checkpoint without a proper root', async () => {
    const body = data('42');
    server.json({ data: { ...body.data, target: { epoch: FAR_FUTURE, root: ROOT_A } } });
    expect((await rejectionOf(node.getAttestationData(42, 0, NO_SIGNAL))).message).toContain('data.target.epoch');
    server.json({ data: { ...body.data, source: { epoch: '1', root: '0x00' } } });
    expect((await rejectionOf(node.getAttestationData(42, 0, NO_SIGNAL))).message).toContain('data.source.root');
  });

  it('reads the head root', async () => {
    server.json({ data: { root: ROOT_B }, execution_optimistic: true });
    expect(await node.getHeadRoot(NO_SIGNAL)).toEqual({ root: ROOT_B, executionOptimistic: true });
    expect(server.requests[0]?.target).toBe('/eth/v1/beacon/blocks/head/root');
  });
});

describe('subscriptions', () => {
  it('sends beacon committee entries, 8000 to a request', async () => {
    server.handle((_request, response) => void response.writeHead(200).end());
    const entries = Array.from({ length: 8001 }, (_, i) => ({
      validatorIndex: i,
      committeeIndex: 1,
      committeesAtSlot: 64,
      slot: 77,
      isAggregator: true,
    }));
    await node.subscribeBeaconCommittees(entries, NO_SIGNAL);
    const bodies = server.requests.map((request) => JSON.parse(request.body) as unknown[]);
    expect(bodies.map((body) => body.length)).toEqual([8000, 1]);
    expect(bodies[1]).toEqual([
      { validator_index: '8000', committee_index: '1', committees_at_slot: '64', slot: '77', is_aggregator: true },
    ]);
    expect(server.requests[0]?.target).toBe('/eth/v1/validator/beacon_committee_subscriptions');
    expect(server.requests[0]?.body.length).toBeLessThan(1_000_000);
  });

  it('sends sync committee entries', async () => {
    server.handle((_request, response) => void response.writeHead(202).end('whatever'));
    await node.subscribeSyncCommittees(
      [{ validatorIndex: 5, syncCommitteeIndices: [3, 511], untilEpoch: 256 }],
      NO_SIGNAL,
    );
    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual([
      { validator_index: '5', sync_committee_indices: ['3', '511'], until_epoch: '256' },
    ]);
    expect(server.requests[0]?.target).toBe('/eth/v1/validator/sync_committee_subscriptions');
  });

  it('sends nothing for nobody, and says when it failed', async () => {
    await node.subscribeSyncCommittees([], NO_SIGNAL);
    expect(server.requests).toHaveLength(0);
    server.json({ message: 'no' }, 503);
    const entry = { validatorIndex: 1, committeeIndex: 1, committeesAtSlot: 1, slot: 1, isAggregator: true };
    expect(await rejectionOf(node.subscribeBeaconCommittees([entry], NO_SIGNAL))).toMatchObject({
      kind: 'http',
      status: 503,
    });
  });
});
