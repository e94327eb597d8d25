/**
 * JSON-RPC answers, large ones piece by piece as they come, each piece in a turn of the event loop. Only the piece at hand
 * is in memory, and what was made of those before it: a whole range of logs there would be copied by every collection.
 */
import { setImmediate } from 'node:timers/promises';
import { unusableAnswer } from './execution-errors.js';
import { ListPieces } from './list-pieces.js';
import { parseAnswer, readResult, resultOf, type ReadItem } from './rpc-answers.js';

/** Above this an answer is large; so much of it is read in one turn, and the item that ends there. */
export const LARGE_ANSWER_BYTES = 64 * 1024;
/** The list of a large answer begins within so many bytes. */
const HEAD_BYTES = 200;
const HEAD_OF_LIST = /^\s*\{(?:\s*"(?:jsonrpc|id)"\s*:\s*(?:"[^"\\]*"|\d+)\s*,)*\s*"result"\s*:\s*\[/;

/**
 * Reads the result out of an answer to `method`, whatever its size; where it is no list, a large one takes one long
 * turn. Rejects with an `ExecutionNodeError`, or with what `chunks` or `readItem` throw.
 *
 * @param chunks the answer, in parts of any size
 * @param largeBytes above this it is read in turns, so much in each
 */
export async function readResultInTurns(
  method: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  readItem: ReadItem = (item) => item,
  largeBytes = LARGE_ANSWER_BYTES,
): Promise<unknown> {
  let list: LargeList | undefined;
  let held: Buffer[] = [];
  let heldBytes = 0;
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (list !== undefined) {
      await list.add(bytes);
      continue;
    }
    const wasSmall = heldBytes <= largeBytes;
    held.push(bytes);
    heldBytes += bytes.length;
    if (!wasSmall || heldBytes <= largeBytes) continue;
    const begun = Buffer.concat(held, heldBytes);
    const head = HEAD_OF_LIST.exec(begun.toString('latin1', 0, HEAD_BYTES))?.[0];
    if (head === undefined) continue;
    list = new LargeList(method, head, readItem, new ListPieces(largeBytes));
    held = [];
    await list.add(begun.subarray(head.length));
  }
  return list === undefined ? readResult(method, Buffer.concat(held, heldBytes).toString(), readItem) : list.end();
}

/** The result of a large answer, whose list has begun. */
class LargeList {
  readonly #result: unknown[] = [];
  #isFirst = true;

  constructor(
    private readonly method: string,
    /** Up to and with the bracket that opens the list. */
    private readonly head: string,
    private readonly readItem: ReadItem,
    private readonly pieces: ListPieces,
  ) {}

  async add(chunk: Buffer): Promise<void> {
    for (const piece of this.pieces.add(chunk)) {
      await setImmediate();
      this.#read(piece);
    }
  }

  end(): unknown {
    const rest = this.pieces.takeRest();
    if (!this.pieces.isOver) throw this.#broken();
    const answer = parseAnswer(this.method, this.head + rest.toString());
    return resultOf(this.method, { ...answer, result: this.#result });
  }

  #read(piece: Buffer): void {
    let items: unknown[];
    try {
      items = JSON.parse(`[${piece.toString()}]`) as unknown[];
    } catch {
      throw this.#broken();
    }
    // Where there is a comma, there is something on both sides of it.
    if (items.length === 0 && !(this.#isFirst && this.pieces.isOver)) throw this.#broken();
    this.#isFirst = false;
    for (const item of items) this.#result.push(this.readItem(item, this.#result.length));
  }

  #broken(): Error {
    return unusableAnswer(this.method, 'expected JSON');
  }
}
