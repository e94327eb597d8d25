import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { VirtualClock } from '../../../services/clock/virtual-clock.js';
import { ExecutionNodeError } from '../../../services/ssv-contract/execution-errors.js';
import { createExecutionNode, type ExecutionNode } from '../../../services/ssv-contract/execution-node.js';
import { OWNER } from '../../services/ssv-contract/contract-log-maker.js';
import { mustHold, type Feed, type FuzzTarget } from '../fuzz-target.js';
import { recordedLogs } from './recorded.js';

const FILTER = { address: OWNER, topics: [], fromBlock: 0, toBlock: 99, maxBytes: 1024 * 1024 };
const HASH = `0x${'1f'.repeat(32)}`;
const RESULTS = [
  '"0x1"',
  'false',
  '{"currentBlock":"0x1","highestBlock":"0x2"}',
  `{"number":"0x5","hash":"${HASH}","timestamp":"0x6b034373","parentHash":"${HASH}"}`,
];
const ERRORS = [
  '{"code":-32005,"message":"query returned more than 10000 results"}',
  '{"code":-32602,"message":"block range is too wide","data":{"to":"0x1"}}',
];
const CALLS: readonly ((node: ExecutionNode, signal: AbortSignal) => Promise<unknown>)[] = [
  (node, signal) => node.getChainId(signal),
  (node, signal) => node.getSyncing(signal),
  (node, signal) => node.getBlock('latest', signal),
  (node, signal) => node.getBlock(5, signal),
  (node, signal) => node.getLogs(FILTER, signal),
];
/** In a sample, for the id of the request that it answers. */
const ID = 'THE_ID';

/** JSON-RPC over a WebSocket. After each answer comes a head: an answer that nobody recognised is given up then. */
export const EXECUTION_ANSWERS: FuzzTarget = {
  name: 'execution-answers',
  samples: () => [
    ...[...RESULTS, ...recordedLogs()].map((result) => `{"jsonrpc":"2.0","id":"${ID}","result":${result}}`),
    ...ERRORS.map((error) => `{"jsonrpc":"2.0","id":"${ID}","error":${error}}`),
    '{"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"0x1","result":{}}}',
  ],
  async open() {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
    await new Promise((resolve) => server.once('listening', resolve));
    let answer: (id: number, socket: WebSocket) => void = () => undefined;
    server.on('connection', (socket) => {
      socket.on('error', () => undefined);
      socket.on('message', (data: Buffer) => {
        const { id, method } = JSON.parse(data.toString()) as { id: number; method: string };
        if (method === 'eth_subscribe') socket.send(`{"jsonrpc":"2.0","id":${id},"result":"0x1"}`);
        else answer(id, socket);
      });
    });
    const node = createExecutionNode(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, new VirtualClock(0));
    let giveUp = () => undefined as void;
    node.listen({ onHead: () => giveUp(), onLost: () => undefined });
    await node.getChainId(AbortSignal.timeout(1)).catch(() => undefined);

    const feed: Feed = async (input, random) => {
      const life = new AbortController();
      const call = random.pick(CALLS);
      answer = (id, socket) => {
        const text = input.toString('latin1').replace(`"${ID}"`, String(id));
        socket.send(Buffer.from(text, 'latin1'), { binary: random.once(2) });
        // The second of two heads: the first may be the answer itself.
        const head = '{"jsonrpc":"2.0","method":"eth_subscription","params":{}}';
        socket.send(head);
        giveUp = () => {
          giveUp = () => life.abort();
        };
        socket.send(head);
      };
      try {
        const value = await call(node, life.signal);
        mustHold(typeof value !== 'number' || Number.isSafeInteger(value), () => `the number ${String(value)}`);
        return Array.isArray(value) ? value.length : 1;
      } catch (error) {
        if (!(error instanceof ExecutionNodeError)) throw error;
        mustHold(!/\p{Cc}/u.test(error.message), () => `control characters in ${JSON.stringify(error.message)}`);
        return undefined;
      }
    };
    return {
      feed,
      async close() {
        await node.close();
        for (const socket of server.clients) socket.terminate();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  },
};
