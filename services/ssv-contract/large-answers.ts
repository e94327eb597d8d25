/**
 * Large JSON-RPC answers, read piece by piece, each in a turn of the event loop. Only the piece at hand is text on the
 * heap, and what was made of those before it: a whole range of logs there would be copied by every collection.
 */
import { setImmediate } from 'node:timers/promises';
import { unusableAnswer } from './execution-errors.js';
import { parseAnswer, readResult, resultOf, type ReadItem } from './rpc-answers.js';

/** From here on an answer is large; so much of it is read in one turn, or the one item that is larger. */
export const LARGE_ANSWER_BYTES = 64 * 1024;
/** The list of a large answer begins within so many bytes. */
const HEAD_BYTES = 200;
const HEAD_OF_LIST = /^\s*\{(?:\s*"(?:jsonrpc|id)"\s*:\s*(?:"[^"\\]*"|\d+)\s*,)*\s*"result"\s*:\s*\[/;

const QUOTE = 34;
const COMMA = 44;
const OPENING_BRACKET = 91;
const BACKSLASH = 92;
const CLOSING_BRACKET = 93;
const OPENING_BRACE = 123;
const CLOSING_BRACE = 125;

/**
 * Reads the result out of an answer to `method`, whatever its size; where it is no list, a large one takes one long
 * turn. Rejects with an `ExecutionNodeError`, or with what `readItem` throws.
 */
export async function readResultInTurns(
  method: string,
  bytes: Buffer,
  readItem: ReadItem = (item) => item,
): Promise<unknown> {
  if (bytes.length <= LARGE_ANSWER_BYTES) return readResult(method, bytes.toString(), readItem);
  const start = HEAD_OF_LIST.exec(bytes.toString('latin1', 0, HEAD_BYTES))?.[0].length;
  await setImmediate();
  if (start === undefined) return readResult(method, bytes.toString(), readItem);
  const result: unknown[] = [];
  for (let from = start; ; await setImmediate()) {
    const end = endOfPiece(bytes, from);
    const items = parseItems(method, bytes.toString('utf8', from, end));
    // Nothing after a comma.
    if (items.length === 0 && from > start) throw unusableAnswer(method, 'expected JSON');
    for (const item of items) result.push(readItem(item, result.length));
    if (bytes[end] === COMMA) {
      from = end + 1;
      continue;
    }
    const around = bytes.toString('utf8', 0, start) + bytes.toString('utf8', end);
    return resultOf(method, { ...parseAnswer(method, around), result });
  }
}

/** Place of a comma between two items, of the end of the list, or of the end of an answer that is cut off. */
function endOfPiece(bytes: Buffer, from: number): number {
  let depth = 0;
  for (let at = from; at < bytes.length; at++) {
    switch (bytes[at]) {
      case QUOTE:
        at = endOfText(bytes, at);
        break;
      case OPENING_BRACE:
      case OPENING_BRACKET:
        depth++;
        break;
      case CLOSING_BRACE:
      case CLOSING_BRACKET:
        if (depth === 0) return at;
        depth--;
        break;
      case COMMA:
        if (depth === 0 && at - from >= LARGE_ANSWER_BYTES) return at;
    }
  }
  return bytes.length;
}

/** Place of the quote that ends a text. */
function endOfText(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(QUOTE, from + 1); at >= 0; at = bytes.indexOf(QUOTE, at + 1)) {
    let before = at - 1;
    while (bytes[before] === BACKSLASH) before--;
    if ((at - before) % 2 === 1) return at;
  }
  return bytes.length;
}

/** The items of a piece that ends with a comma, or of the last one. */
function parseItems(method: string, piece: string): unknown[] {
  try {
    return JSON.parse(`[${piece}]`) as unknown[];
  } catch {
    throw unusableAnswer(method, 'expected JSON');
  }
}
