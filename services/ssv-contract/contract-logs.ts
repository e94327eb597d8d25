import { decodeEvent } from './contract-events.js';
import type { ContractLog, Hex } from './contract-types.js';

/**
 * Reads a log in an answer of `eth_getLogs`. Undefined where it is none, or one of a block that is not mined: then the
 * whole answer is worth nothing.
 */
export function readLog(value: unknown): ContractLog | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const log = value as Record<string, unknown>;
  const { topics, data } = log;
  const address = hexOf(log['address'], 20);
  const blockHash = hexOf(log['blockHash'], 32);
  const transactionHash = hexOf(log['transactionHash'], 32);
  const blockNumber = quantityOf(log['blockNumber']);
  const logIndex = quantityOf(log['logIndex']);
  if (address === undefined || blockHash === undefined || transactionHash === undefined) return undefined;
  if (blockNumber === undefined || logIndex === undefined || typeof data !== 'string') return undefined;
  if (!Array.isArray(topics) || !topics.every((topic) => typeof topic === 'string')) return undefined;
  const blockTimestamp = quantityOf(log['blockTimestamp']);
  const removed = log['removed'] === true;
  const event = decodeEvent({ blockNumber, logIndex, transactionHash, topics, data });
  return { address, blockHash, transactionHash, blockNumber, logIndex, blockTimestamp, removed, event };
}

/** A number as JSON-RPC writes it; undefined for anything else, and above 2^53. */
export function quantityOf(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^0x[0-9a-f]{1,14}$/i.test(value)) return undefined;
  const number = Number.parseInt(value.slice(2), 16);
  return Number.isSafeInteger(number) ? number : undefined;
}

/** Hex of so many bytes, in lower case; undefined for anything else. */
export function hexOf(value: unknown, bytes: number): Hex | undefined {
  if (typeof value !== 'string' || value.length !== 2 + 2 * bytes || !/^0x[0-9a-f]*$/i.test(value)) return undefined;
  return value.toLowerCase();
}
