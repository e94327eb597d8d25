import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BeaconNode } from '../../../machines/ports.js';
import { DutyRequests } from '../../../services/beacon-node/duty-requests.js';
import { createHttpBeaconNode } from '../../../services/beacon-node/http-beacon-node.js';
import { VirtualClock } from '../../../services/clock/virtual-clock.js';
import { learnSpec } from './known-chain.js';
import { NodeServer, type SeenRequest, until } from './node-server.js';
import { NO_SIGNAL, rejectionOf } from './rejection.js';
import { attesterAnswer, attesterRow, proposerRow, ROOT_A, ROOT_B, syncRow } from './wire-bodies.js';

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

describe('duties', () => {
  const indicesIn = (request: SeenRequest) => (JSON.parse(request.body) as string[]).map(Number);
  const many = Uint32Array.from({ length: 4001 }, (_, i) => i * 3);

  beforeEach(() => learnSpec(node, server));

  it('asks for attester duties in chunks of 2000, as decimal strings, and joins the answers in order', async () => {
    server.json((request: SeenRequest) => {
      expect(request).toMatchObject({ method: 'POST', target: '/eth/v1/validator/duties/attester/5' });
      expect(request.body).toMatch(/^\["\d+"(,"\d+")*\]$/);
      return attesterAnswer(indicesIn(request).map((index) => attesterRow(index, 40 + (index % 8))));
    });
    const { dependentRoot, endpointVersion, columns } = await node.getAttesterDuties(5, many, NO_SIGNAL);
    expect(dependentRoot).toBe(ROOT_A);
    expect(endpointVersion).toBe(1);
    expect(columns.validator).toEqual(many);
    expect(columns.slot).toEqual(many.map((index) => 40 + (index % 8)));
    expect(columns.fields.committeeLength).toHaveLength(4001);
    expect(server.requests.map((request) => indicesIn(request).length)).toEqual([2000, 2000, 1]);
  });

  it('has two chunks under way at most', async () => {
    let open = 0;
    let most = 0;
    server.handle((request, response) => {
      most = Math.max(most, ++open);
      setTimeout(() => {
        open--;
        response.end(JSON.stringify({ data: indicesIn(request).map((index) => syncRow(index, ['1'])) }));
      }, 10);
    });
    const { columns, dependentRoot } = await node.getSyncCommitteeDuties(
      9,
      Uint32Array.from({ length: 8000 }, (_, i) => i),
      NO_SIGNAL,
    );
    expect(most).toBe(2);
    expect(columns.validator).toHaveLength(8000);
    expect(columns.positions?.offsets.at(-1)).toBe(8000);
    expect(dependentRoot).toBeNull();
    expect(server.requests[0]?.target).toBe('/eth/v1/validator/duties/sync/9');
  });

  it('asks for the whole once more when the chunks name different roots', async () => {
    server.json((request: SeenRequest) => {
      const rows = indicesIn(request).map((index) => attesterRow(index, 40));
      return attesterAnswer(rows, server.requests.length <= 1 ? ROOT_A : ROOT_B);
    });
    const answer = await node.getAttesterDuties(5, many, NO_SIGNAL);
    expect(answer.dependentRoot).toBe(ROOT_B);
    expect(answer.columns.validator).toEqual(many);
    expect(server.requests).toHaveLength(6);
  });

  it('gives up when they differ again', async () => {
    server.json((request: SeenRequest) => attesterAnswer([], indicesIn(request).length === 1 ? ROOT_B : ROOT_A));
    const error = await rejectionOf(node.getAttesterDuties(5, many, NO_SIGNAL));
    expect(error.kind).toBe('schema');
    expect(error.message).toBe('POST /eth/v1/validator/duties/attester/5: dependent root changed between chunks');
    expect(server.requests).toHaveLength(6);
  });

  it('one failing chunk fails the whole, and ends the others', async () => {
    server.handle((request, response) => {
      if (indicesIn(request)[0] !== 0) response.writeHead(500).end('{"message":"too high"}');
    });
    const error = await rejectionOf(node.getAttesterDuties(5, many, NO_SIGNAL));
    expect(error).toMatchObject({ kind: 'http', status: 500 });
    expect(server.requests).toHaveLength(2);
    await until(() => server.brokenOff === 1, 'the other request is ended');
    expect(clock.pending).toBe(0);
  });

  it('ends every chunk when the caller gives up', async () => {
    server.handle(() => undefined);
    const caller = new AbortController();
    const call = rejectionOf(node.getAttesterDuties(5, many, caller.signal));
    await until(() => server.requests.length === 2, 'two chunks arrive');
    caller.abort();
    expect((await call).kind).toBe('aborted');
    await until(() => server.brokenOff === 2, 'both connections are closed');
    expect(server.requests).toHaveLength(2);
  });

  it('parses nothing for a caller who gave up in between', async () => {
    const caller = new AbortController();
    const http = {
      getText: () => {
        caller.abort();
        return Promise.resolve('no duties at all');
      },
    };
    const requests = new DutyRequests(http);
    const call = requests.syncCommittee(1, many, { budgetMs: 1000, slotsPerEpoch: 8 }, caller.signal);
    expect((await rejectionOf(call)).kind).toBe('aborted');
  });

  it('refuses duties of another epoch, naming the row', async () => {
    server.json(attesterAnswer([attesterRow(1, 47), attesterRow(2, 48)]));
    const error = await rejectionOf(node.getAttesterDuties(5, Uint32Array.of(1, 2), NO_SIGNAL));
    expect(error).toMatchObject({ kind: 'schema' });
    expect(error.message).toContain('POST /eth/v1/validator/duties/attester/5: data[1].slot: 48 is outside');
  });

  it.each([1, 2] as const)('asks for proposer duties by v%d', async (version) => {
    server.json({ data: [proposerRow(8, 41)], dependent_root: ROOT_B });
    expect(await node.getProposerDuties(5, version, NO_SIGNAL)).toEqual({
      dependentRoot: ROOT_B,
      endpointVersion: version,
      columns: { validator: Uint32Array.of(8), slot: Uint32Array.of(41), fields: {} },
    });
    expect(server.requests[0]).toMatchObject({
      method: 'GET',
      target: `/eth/v${version}/validator/duties/proposer/5`,
    });
  });

  it('says so where v2 is not served', async () => {
    server.json({ message: 'Route not found' }, 404);
    expect(await rejectionOf(node.getProposerDuties(5, 2, NO_SIGNAL))).toMatchObject({ kind: 'http', status: 404 });
  });
});
