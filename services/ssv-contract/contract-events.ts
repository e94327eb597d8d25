/**
 * Logs of the contract as events. Decoded by hand, because a general decoder spends almost all its time on `shares`,
 * which nobody here needs: only their length is read. What a log says is untrusted: anyone may call the contract.
 */
import { EVENT_SHAPES, type EventShape } from './contract-abi.js';
import type { ContractEvent, EventRefusal, Hex, RefusalReason, WrittenLog } from './contract-types.js';

const OPERATOR_COUNTS = [4, 7, 10, 13];
const PUBLIC_KEY_BYTES = 48;
const SIGNATURE_BYTES = 96;
const ENCRYPTED_SHARE_BYTES = 256;

/** The event of a log; a refusal where it is malformed; undefined for other events of the contract. Never throws. */
export function decodeEvent(log: WrittenLog): ContractEvent | EventRefusal | undefined {
  const shape = EVENT_SHAPES.get(log.topics[0]?.toLowerCase() ?? '');
  if (shape === undefined) return undefined;
  const { blockNumber, logIndex, transactionHash } = log;
  const position = { blockNumber, logIndex, transactionHash };
  const content = readContent(log, shape);
  if (typeof content === 'string') return { type: 'refused', event: shape.name, reason: content, ...position };
  const { owner, operatorIds, publicKey } = content;
  switch (shape.name) {
    case 'ClusterLiquidated':
    case 'ClusterReactivated':
      return { type: shape.name, owner, operatorIds, ...position };
    default:
      return { type: shape.name, owner, operatorIds, publicKey, ...position };
  }
}

interface EventContent {
  readonly owner: Hex;
  readonly operatorIds: readonly number[];
  /** Empty for an event of a whole cluster. */
  readonly publicKey: Hex;
}

function readContent({ topics, data }: WrittenLog, shape: EventShape): EventContent | RefusalReason {
  const owner = ownerIn(topics);
  if (owner === undefined || !data.startsWith('0x') || data.length % 2 !== 0) return 'undecodable';
  if (byteLength(data) < shape.headWords * 32) return 'undecodable';

  const ids = readPart(data, shape.operatorIds, 32);
  if (ids === undefined) return 'undecodable';
  if (!OPERATOR_COUNTS.includes(ids.length)) return 'operator-count';
  const operatorIds: number[] = [];
  for (let at = ids.start; operatorIds.length < ids.length; at += 32) {
    const id = readNumber(data, at);
    if (id === undefined) return 'undecodable';
    operatorIds.push(id);
  }
  operatorIds.sort((a, b) => a - b);
  if (operatorIds.some((id, place) => id === operatorIds[place + 1])) return 'duplicate-operators';
  if (shape.publicKey === undefined) return { owner, operatorIds, publicKey: '' };

  const key = readPart(data, shape.publicKey, 1);
  if (key === undefined) return 'undecodable';
  if (key.length !== PUBLIC_KEY_BYTES) return 'public-key-length';
  const digits = hexAt(data, key.start, PUBLIC_KEY_BYTES);
  if (!HEX.test(digits)) return 'undecodable';

  if (shape.shares !== undefined) {
    const shares = readPart(data, shape.shares, 1);
    if (shares === undefined) return 'undecodable';
    const perOperator = PUBLIC_KEY_BYTES + ENCRYPTED_SHARE_BYTES;
    if (shares.length !== SIGNATURE_BYTES + operatorIds.length * perOperator) return 'shares-length';
  }
  return { owner, operatorIds, publicKey: `0x${detached(digits)}` };
}

const HEX = /^[0-9a-f]*$/i;

function ownerIn(topics: readonly string[]): Hex | undefined {
  const [, topic] = topics;
  if (topics.length !== 2 || !/^0x0{24}[0-9a-f]{40}$/i.test(topic!)) return undefined;
  return `0x${detached(topic!.slice(26))}`;
}

/**
 * A dynamic part (array, bytes): where its first item is, in bytes, and how many items it has, all of them inside the
 * data. Undefined where it says it is elsewhere.
 */
function readPart(data: string, headWord: number, itemBytes: number): { start: number; length: number } | undefined {
  const offset = readNumber(data, headWord * 32);
  if (offset === undefined) return undefined;
  const length = readNumber(data, offset);
  const start = offset + 32;
  if (length === undefined || length > (byteLength(data) - start) / itemBytes) return undefined;
  return { start, length };
}

/** The 32-byte word at a place; undefined where it is not all inside the data, no number, or above 2^53. */
function readNumber(data: string, at: number): number | undefined {
  const digits = hexAt(data, at, 32);
  if (digits.length !== 64 || !digits.startsWith(LEADING_ZEROS)) return undefined;
  const rest = digits.slice(LEADING_ZEROS.length);
  const number = HEX.test(rest) ? Number.parseInt(rest, 16) : NaN;
  return Number.isSafeInteger(number) ? number : undefined;
}

/** Of a word below 2^56. */
const LEADING_ZEROS = '0'.repeat(50);

function hexAt(data: string, at: number, bytes: number): string {
  const from = 2 + at * 2;
  return data.slice(from, from + bytes * 2);
}

function byteLength(data: string): number {
  return (data.length - 2) / 2;
}

/** In lower case and with a memory of its own: a slice would keep the whole log alive, `shares` and all. */
function detached(digits: string): string {
  return Buffer.from(digits, 'latin1').toString('latin1').toLowerCase();
}
