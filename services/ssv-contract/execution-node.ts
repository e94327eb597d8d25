import type { Clock } from '../../machines/ports.js';
import { readObject } from '../beacon-node/wire-values.js';
import { parseNodeAddress } from '../beacon-node/node-address.js';
import { hexOf, quantityOf, readLog } from './contract-logs.js';
import type { BlockRef, ContractLog, Hex } from './contract-types.js';
import { unusableAnswer } from './execution-errors.js';
import { HttpTransport } from './http-transport.js';
import type { HeadListener, RpcTransport } from './rpc-transport.js';
import { WebSocketTransport } from './websocket-transport.js';

/** Of a block come the hashes of its transactions, 70 bytes each: room for a block of a billion gas and more. */
const SMALL_ANSWER_BYTES = 4 * 1024 * 1024;
const SMALL_BUDGET_MS = 10_000;
const LOGS_BUDGET_MS = 30_000;

/** A block of the execution layer with what is needed of its header. */
export interface ExecutionBlock extends BlockRef {
  /** Unix seconds. */
  readonly timestamp: number;
}

/** Logs to ask for; both blocks included. */
export interface LogFilter {
  readonly address: Hex;
  readonly topics: readonly Hex[];
  readonly fromBlock: number;
  readonly toBlock: number;
  /** A larger answer is refused, with kind `limit`. */
  readonly maxBytes: number;
}

/** An execution node. Every method keeps its own time budget and rejects with an `ExecutionNodeError` only. */
export interface ExecutionNode {
  /** For logs: scheme, host and port. */
  readonly url: string;
  getChainId(signal: AbortSignal): Promise<number>;
  /** Undefined when it is not syncing. */
  getSyncing(
    signal: AbortSignal,
  ): Promise<{ readonly currentBlock: number; readonly highestBlock: number } | undefined>;
  /** Undefined where the node has no such block. */
  getBlock(block: number | 'latest', signal: AbortSignal): Promise<ExecutionBlock | undefined>;
  /** In the order of the answer; each has a position and belongs to a mined block. */
  getLogs(filter: LogFilter, signal: AbortSignal): Promise<ContractLog[]>;
  /** Hears of new heads and lost connections; over http of nothing. */
  listen(listener: HeadListener): void;
  /** Lets the connection go; the next request opens another. */
  drop(): void;
  close(): Promise<void>;
}

/**
 * An execution node over JSON-RPC: `http(s)://` or `ws(s)://[user:password@]host[:port][/path]`; the credentials are
 * sent as a header and never shown, nor is the path. Throws a `TypeError` for an unusable address.
 */
export function createExecutionNode(url: string, clock: Clock): ExecutionNode {
  const address = parseNodeAddress(url, 'execution node');
  const isSocket = address.origin.startsWith('ws');
  const transport = isSocket ? new WebSocketTransport(address, clock) : new HttpTransport(address, clock);
  return new RpcExecutionNode(address.shown, transport);
}

class RpcExecutionNode implements ExecutionNode {
  constructor(
    readonly url: string,
    private readonly transport: RpcTransport,
  ) {}

  async getChainId(signal: AbortSignal): Promise<number> {
    const id = quantityOf(await this.#ask('eth_chainId', [], signal));
    if (id === undefined) throw unusableAnswer('eth_chainId', 'expected a hex number');
    return id;
  }

  async getSyncing(signal: AbortSignal): ReturnType<ExecutionNode['getSyncing']> {
    const answer = await this.#ask('eth_syncing', [], signal);
    if (answer === false) return undefined;
    const progress = readObject(answer);
    if (progress === undefined) throw unusableAnswer('eth_syncing', 'expected false or an object');
    const currentBlock = quantityOf(progress['currentBlock']) ?? 0;
    return { currentBlock, highestBlock: quantityOf(progress['highestBlock']) ?? 0 };
  }

  async getBlock(block: number | 'latest', signal: AbortSignal): Promise<ExecutionBlock | undefined> {
    const method = 'eth_getBlockByNumber';
    const answer = await this.#ask(method, [block === 'latest' ? block : hexNumber(block), false], signal);
    if (answer === null) return undefined;
    const header = readObject(answer);
    const number = quantityOf(header?.['number']);
    const hash = hexOf(header?.['hash'], 32);
    const timestamp = quantityOf(header?.['timestamp']);
    if (number === undefined || hash === undefined || timestamp === undefined) {
      throw unusableAnswer(method, 'expected a mined block');
    }
    if (block !== 'latest' && number !== block) throw unusableAnswer(method, `block ${number} for block ${block}`);
    return { number, hash, timestamp };
  }

  async getLogs(filter: LogFilter, signal: AbortSignal): Promise<ContractLog[]> {
    const method = 'eth_getLogs';
    const { address, topics, fromBlock, toBlock, maxBytes } = filter;
    const readItem = (item: unknown, place: number): ContractLog => {
      const log = readLog(item);
      if (log === undefined) throw unusableAnswer(method, `entry ${place} is no log of a mined block`);
      return log;
    };
    const answer = await this.transport.call({
      method,
      params: [{ address, topics: [topics], fromBlock: hexNumber(fromBlock), toBlock: hexNumber(toBlock) }],
      budgetMs: LOGS_BUDGET_MS,
      maxBytes,
      readItem,
      signal,
    });
    if (!Array.isArray(answer)) throw unusableAnswer(method, 'expected an array');
    return answer as ContractLog[];
  }

  listen(listener: HeadListener): void {
    this.transport.listen(listener);
  }

  drop(): void {
    this.transport.drop();
  }

  close(): Promise<void> {
    return this.transport.close();
  }

  #ask(method: string, params: readonly unknown[], signal: AbortSignal): Promise<unknown> {
    return this.transport.call({
      method,
      params,
      budgetMs: SMALL_BUDGET_MS,
      maxBytes: SMALL_ANSWER_BYTES,
      signal,
    });
  }
}

function hexNumber(value: number): string {
  return `0x${value.toString(16)}`;
}
