/** What an execution node's JSON-RPC answers mean. */
import { printable } from '../beacon-node/failures.js';
import { readObject } from '../beacon-node/wire-values.js';
import { ExecutionNodeError, unusableAnswer } from './execution-errors.js';

/** EIP-1474 "limit exceeded"; Alchemy, Erigon and reth say it with "invalid params", QuickNode with a code of its own. */
const LIMIT_CODES = [-32005, -32614];
/**
 * Geth, Erigon, reth, Nethermind, Besu, Infura, Alchemy, Ankr, Chainstack each word it in their own way: too many
 * blocks, too many logs, or too long a search.
 */
const LIMIT_WORDS =
  /block range|range (limit|is too|exceeds|too)|(blocks?|\d|limited to a .*) range|too many (logs|results|blocks)|more than \d+ results|max(imum)? (results|logs)|(response|result)s? (size|set|is too|too|exceed)|size exceeded|query (timeout|timed out|exceeds|returned more)|(request|execution) (timeout|timed out)/i;
/** The same codes also stand for too many requests: to ask for less would not help, to wait does. */
const RATE_WORDS = /rate|per (second|minute|day)|daily|too many requests|capacity|throughput|compute units|quota/i;

/** What to make of an item of a result that is a list; `place` counts from 0. What it throws fails the request. */
export type ReadItem = (item: unknown, place: number) => unknown;

/** Reads the result out of the text of an answer to `method`. Throws an {@link ExecutionNodeError}, or what `readItem` throws. */
export function readResult(method: string, text: string, readItem?: ReadItem): unknown {
  return resultOf(method, parseAnswer(method, text), readItem);
}

/** The result in an answer; throws the node's error as an {@link ExecutionNodeError}. */
export function resultOf(method: string, answer: Readonly<Record<string, unknown>>, readItem?: ReadItem): unknown {
  const error = readObject(answer['error']);
  if (error !== undefined) throw rpcError(method, error);
  if (!Object.hasOwn(answer, 'result')) throw unusableAnswer(method, 'expected a result or an error');
  const { result } = answer;
  return readItem !== undefined && Array.isArray(result) ? result.map(readItem) : result;
}

/** The answer to `method` as an object. */
export function parseAnswer(method: string, text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw unusableAnswer(method, 'expected JSON');
  }
  const answer = readObject(value);
  if (answer === undefined) throw unusableAnswer(method, 'expected a JSON-RPC answer');
  return answer;
}

/** Whether a text is a JSON-RPC error: some nodes send it with an HTTP status that is no success. */
export function isRpcError(text: string): boolean {
  try {
    return readObject(readObject(JSON.parse(text))?.['error']) !== undefined;
  } catch {
    return false;
  }
}

function rpcError(method: string, error: Readonly<Record<string, unknown>>): ExecutionNodeError {
  const { code: given, message } = error;
  const code = typeof given === 'number' ? given : undefined;
  const said = typeof message === 'string' ? printable(message) : 'no reason given';
  const kind = isLimit(code, said) ? 'limit' : 'rpc';
  return new ExecutionNodeError(kind, `${method}: ${said}${code === undefined ? '' : ` (${code})`}`, code);
}

function isLimit(code: number | undefined, said: string): boolean {
  if (LIMIT_WORDS.test(said)) return true;
  return code !== undefined && LIMIT_CODES.includes(code) && !RATE_WORDS.test(said);
}
