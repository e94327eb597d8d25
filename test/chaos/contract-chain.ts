import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ContractEventName, Hex } from '../../services/ssv-contract/contract-types.js';
import { logOf, type EventArguments, type MadeLog } from '../services/ssv-contract/contract-log-maker.js';

const BLOCK_MS = 1000;
/** Blocks that are there at the start. */
const OLD_BLOCKS = 10;
const hex = (value: number): string => `0x${value.toString(16)}`;

interface Filter {
  readonly fromBlock: string;
  readonly toBlock: string;
}

/** An execution chain with the SSV contract on it, a block a second, and a node of it over JSON-RPC on loopback. */
export class ContractChain {
  /** Where the contract is. */
  readonly contract = `0x${'c0'.repeat(20)}`;
  readonly #genesisMs = Math.floor(Date.now() / BLOCK_MS - OLD_BLOCKS) * BLOCK_MS;
  readonly #logs: MadeLog[] = [];
  readonly #server: Server;

  constructor(private readonly chainId: number) {
    this.#server = createServer((asked, reply) => void this.#serve(asked, reply));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  /** The contract writes an event into the next block; returns the unix ms at which that is there. */
  emit(name: ContractEventName, args: Partial<EventArguments>): number {
    return this.#write(this.#height() + 1, name, args);
  }

  /** The same, for a block that has been there for long. */
  emitEarly(name: ContractEventName, args: Partial<EventArguments>): void {
    this.#write(1, name, args);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #write(blockNumber: number, name: ContractEventName, args: Partial<EventArguments>): number {
    const logIndex = this.#logs.filter((log) => log.blockNumber === blockNumber).length;
    const position = { blockNumber, logIndex, blockHash: hashOf(blockNumber), address: this.contract };
    this.#logs.push({ ...logOf(name, args, position), transactionHash: hashOf(blockNumber, logIndex) });
    return this.#genesisMs + blockNumber * BLOCK_MS;
  }

  #height(): number {
    return Math.floor((Date.now() - this.#genesisMs) / BLOCK_MS);
  }

  async #serve(asked: IncomingMessage, reply: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of asked.setEncoding('utf8')) body += String(chunk);
    const { id, method, params } = JSON.parse(body) as { id: number; method: string; params: unknown[] };
    reply.writeHead(200, { 'content-type': 'application/json' });
    reply.end(JSON.stringify({ jsonrpc: '2.0', id, result: this.#answer(method, params) }));
  }

  #answer(method: string, [first]: unknown[]): unknown {
    switch (method) {
      case 'eth_chainId':
        return hex(this.chainId);
      case 'eth_syncing':
        return false;
      case 'eth_getBlockByNumber': {
        const number = first === 'latest' ? this.#height() : Number(first);
        if (number > this.#height()) return null;
        const timestamp = hex((this.#genesisMs + number * BLOCK_MS) / 1000);
        return { number: hex(number), hash: hashOf(number), timestamp };
      }
      case 'eth_getLogs': {
        const { fromBlock, toBlock } = first as Filter;
        const upTo = Math.min(Number(toBlock), this.#height());
        const logs = this.#logs.filter(({ blockNumber }) => blockNumber >= Number(fromBlock) && blockNumber <= upTo);
        return logs.map(({ blockNumber, logIndex, blockTimestamp: _, ...log }) => {
          const blockTimestamp = hex((this.#genesisMs + blockNumber * BLOCK_MS) / 1000);
          return { ...log, blockNumber: hex(blockNumber), logIndex: hex(logIndex), blockTimestamp };
        });
      }
      default:
        throw new Error(`nobody was expected to ask for ${method}`);
    }
  }
}

function hashOf(...parts: readonly number[]): Hex {
  return `0x${createHash('sha256').update(parts.join()).digest('hex')}`;
}
