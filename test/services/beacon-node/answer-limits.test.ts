import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BeaconNode } from '../../../machines/ports.js';
import { createHttpBeaconNode } from '../../../services/beacon-node/http-beacon-node.js';
import { ANSWERS, readAnswer } from '../../../services/beacon-node/schemas.js';
import { VirtualClock } from '../../../services/clock/virtual-clock.js';
import { NodeServer, until } from './node-server.js';
import { NO_SIGNAL, rejectionOf } from './rejection.js';
import { SPEC_DATA, validatorRow } from './wire-bodies.js';

const KB = 1024;
/** What may be on its way in sockets and buffers when the client hangs up. */
const UNDER_WAY = 8 * KB * KB;
const INDICES = Uint32Array.of(0, 1);

const CALLS: readonly [name: string, limit: number, (node: BeaconNode) => Promise<unknown>][] = [
  ['the spec', KB * KB, (node) => node.getChainSpec(NO_SIGNAL)],
  ['the sync status', 64 * KB, (node) => node.getSyncStatus(NO_SIGNAL)],
  ['validators', 8 * KB * KB, (node) => node.getValidators(['1'], NO_SIGNAL)],
  ['attester duties', 8 * KB * KB, (node) => node.getAttesterDuties(1, INDICES, NO_SIGNAL)],
  ['proposer duties', KB * KB, (node) => node.getProposerDuties(1, 2, NO_SIGNAL)],
  ['sync duties', 8 * KB * KB, (node) => node.getSyncCommitteeDuties(1, INDICES, NO_SIGNAL)],
  ['attestation data', 64 * KB, (node) => node.getAttestationData(42, 0, NO_SIGNAL)],
  ['the head root', 64 * KB, (node) => node.getHeadRoot(NO_SIGNAL)],
];

let server: NodeServer;
let node: BeaconNode & { close(): Promise<void> };
beforeEach(async () => {
  server = await new NodeServer().listen();
  node = createHttpBeaconNode({ url: server.url, clock: new VirtualClock(0) });
});
afterEach(async () => {
  await node.close();
  await server.close();
});

/** Writes for ever, as fast as the other side reads; tells how much was written. */
function flood(response: ServerResponse): () => number {
  const piece = Buffer.alloc(64 * KB, ' ');
  let written = 0;
  const more = () => {
    while (!response.destroyed) {
      written += piece.length;
      if (!response.write(piece)) break;
    }
    if (!response.destroyed) response.once('drain', more);
  };
  more();
  return () => written;
}

describe('an answer without end is refused, and its connection closed', () => {
  it.each(CALLS)('%s', async (_, limit, call) => {
    let written = () => 0;
    server.handle((_request, response) => {
      written = flood(response.writeHead(200));
    });
    const error = await rejectionOf(call(node));
    expect(error.kind).toBe('schema');
    expect(error.message).toMatch(new RegExp(`: answer: larger than ${limit} bytes$`));
    await until(() => server.brokenOff === 1, 'the connection is closed');
    expect(written()).toBeGreaterThan(limit);
    expect(written()).toBeLessThan(limit + UNDER_WAY);
  });

  it('genesis', async () => {
    server.handle(({ target }, response) => {
      if (target.includes('spec')) response.end(JSON.stringify({ data: SPEC_DATA }));
      else flood(response.writeHead(404));
    });
    const error = await rejectionOf(node.getChainSpec(NO_SIGNAL));
    expect(error.message).toBe(`GET /eth/v1/beacon/genesis: answer: larger than ${64 * KB} bytes`);
  });

  it('a subscription is done all the same: of its answer only the status counts', async () => {
    server.handle((_request, response) => void flood(response.writeHead(200)));
    const [entry] = [{ validatorIndex: 1, syncCommitteeIndices: [1], untilEpoch: 9 }];
    await node.subscribeSyncCommittees([entry], NO_SIGNAL);
    await until(() => server.brokenOff === 1, 'the connection is closed');
  });
});

it('a list of nothing but wrong rows costs no more than the first', () => {
  let read = 0;
  const wrong = new Proxy({}, { get: (_, key) => (key === 'index' ? void read++ : undefined) });
  const data = [validatorRow(1), ...Array.from({ length: 100_000 }, () => wrong)];
  expect(() => readAnswer(ANSWERS.validators, 'GET /x', { data })).toThrow(
    'GET /x: data[1].index: expected a decimal number',
  );
  expect(read).toBe(1);
});
