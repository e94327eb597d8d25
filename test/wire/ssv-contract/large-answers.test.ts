import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeServer } from '../../services/beacon-node/node-server.js';
import { logOf, publicKeyOf } from '../../services/ssv-contract/contract-log-maker.js';
import { SocketServer } from '../../services/ssv-contract/socket-server.js';
import { ExecutionChain } from '../../support/execution-chain.js';
import { FollowedContract } from './followed-contract.js';

const CONTRACT = `0x${'c0'.repeat(20)}`;
const LIMIT = 4 * 1024 * 1024;
const BLOCKS = 200;
/** Of 13 operators; 200 blocks of one such event each are 1.7 MB, of five 8.6. */
const OPERATORS = Array.from({ length: 13 }, (_, i) => i + 1);
const PER_BLOCK = 5;

let chain: ExecutionChain;
/** Bytes of each answer to `eth_getLogs`. */
let sizes: number[];
let folder: string;
let followed: FollowedContract;

/** The text of an answer. */
function answerTo({ id, method, params }: { id: number; method: string; params: readonly unknown[] }): string {
  const text = JSON.stringify({ jsonrpc: '2.0', id, result: chain.answer(method, params) });
  if (method === 'eth_getLogs') sizes.push(Buffer.byteLength(text));
  return text;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'large-answers-'));
  sizes = [];
  chain = new ExecutionChain();
  const template = logOf('ValidatorAdded', { operatorIds: OPERATORS, publicKey: publicKeyOf(0) });
  const key = publicKeyOf(0).slice(2);
  for (let block = 0; block < BLOCKS - 1; block++) {
    chain.mine(
      Array.from({ length: PER_BLOCK }, (_, i) => ({
        address: CONTRACT,
        topics: template.topics,
        data: template.data.replace(key, publicKeyOf(1 + block * PER_BLOCK + i).slice(2)),
      })),
    );
  }
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('a history of which 200 blocks are more than 4 MB', () => {
  async function readsAll(url: string): Promise<void> {
    followed = new FollowedContract({ folder, contract: CONTRACT, url });
    await followed.start();
    try {
      await followed.known();
    } finally {
      await followed.stop();
    }
    expect(Object.keys(followed.validators())).toHaveLength((BLOCKS - 1) * PER_BLOCK);
    expect(chain.asked.slice(0, 3)).toEqual([
      [0, 199],
      [0, 99],
      [0, 49],
    ]);
    expect(sizes[0]).toBeGreaterThan(2 * LIMIT);
    expect(sizes[1]).toBeGreaterThan(LIMIT);
    expect(sizes[2]).toBeLessThan(LIMIT);
    // Every block of the answers that were taken, once.
    expect(chain.asked.slice(2)).toEqual([
      [0, 49],
      [50, 99],
      [100, 149],
      [150, 199],
    ]);
    expect(followed.said).toEqual([]);
    expect(followed.failures).toEqual([]);
  }

  it('is read in halves over http', async () => {
    const server = await new NodeServer().listen();
    server.handle(({ body }, response) => void response.end(answerTo(JSON.parse(body) as never)));
    try {
      await readsAll(server.url);
    } finally {
      await server.close();
    }
  });

  it('is read in halves over ws, on one connection', async () => {
    const server = await new SocketServer().listen();
    server.handle = (call, socket) => socket.send(answerTo(call));
    try {
      await readsAll(`ws://127.0.0.1:${server.port}`);
      expect(server.sockets).toHaveLength(1);
    } finally {
      await server.close();
    }
  });
});
