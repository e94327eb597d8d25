/**
 * The execution node of the contract's benchmark: a chain of so many blocks, all of them with logs. It runs in a process
 * of its own, so that nothing of what it makes is on the heap that is measured.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { blockHashOf, FIRST_BLOCK, logAnswer, timestampOf } from './log-answers.js';

const LAST_BLOCK = FIRST_BLOCK + Number(process.argv[2]) - 1;
const hex = (value: number): string => `0x${value.toString(16)}`;

interface Call {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

function answer({ id, method, params: [first] }: Call, response: ServerResponse): void {
  const result = (value: unknown) => response.end(JSON.stringify({ jsonrpc: '2.0', id, result: value }));
  switch (method) {
    case 'eth_getLogs': {
      const { fromBlock, toBlock } = first as { fromBlock: string; toBlock: string };
      response.end(logAnswer(id, Number(fromBlock), Number(toBlock)));
      return;
    }
    case 'eth_getBlockByNumber': {
      const number = first === 'latest' ? LAST_BLOCK : Number(first);
      // The newest block is of now: only then is the history through.
      const timestamp = number === LAST_BLOCK ? Math.floor(Date.now() / 1000) : timestampOf(number);
      result({ number: hex(number), hash: blockHashOf(number), timestamp: hex(timestamp) });
      return;
    }
    case 'eth_syncing':
      result(false);
      return;
    default:
      response.writeHead(404).end();
  }
}

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => answer(JSON.parse(Buffer.concat(parts).toString()) as Call, response));
});
server.keepAliveTimeout = 3_600_000;
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
// The benchmark is gone.
process.on('disconnect', () => process.exit(0));
