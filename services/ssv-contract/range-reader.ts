import { ExecutionNodeError } from './execution-errors.js';
import type { ExecutionBlock, ExecutionNode } from './execution-node.js';
import type { BlockRef, ContractLog, Hex } from './contract-types.js';
import { groupByBlock, type LogsOfBlock } from './logs-of-blocks.js';

/** Blocks asked for at once, at most. */
const MOST_BLOCKS = 200;
/** An answer above this is asked for again in two halves: parsing it would hold up everything else. */
const MOST_ANSWER_BYTES = 4 * 1024 * 1024;
/** One block cannot be halved. */
const MOST_ANSWER_BYTES_OF_ONE_BLOCK = 64 * 1024 * 1024;
/** After so many answers in a row a range that was halved is doubled again. */
const ANSWERS_BEFORE_GROWTH = 8;
/** Of blocks younger than this the exact time is asked for where logs do not carry it, in seconds. */
const RECENT_S = 24 * 3600;

/** What a range of blocks holds, all of it of one and the same chain. */
export interface ReadRange {
  readonly blocks: readonly LogsOfBlock[];
  readonly through: ExecutionBlock;
}

/** Why a range could not be read as a whole; nothing is wrong with the node. */
export type RangeObstacle =
  /** The chain changed while it was being read, or its end is not there any more: look at the head again. */
  | 'moved'
  /** The block before the range is not of this chain any more. */
  | 'cursor-gone';

/** Reads logs in ranges as large as the node allows. */
export class RangeReader {
  #blocks = MOST_BLOCKS;
  #answersInARow = 0;

  constructor(
    private readonly node: ExecutionNode,
    private readonly address: Hex,
    private readonly topics: readonly Hex[],
  ) {}

  /**
   * Reads from a block on, `target` at most. The logs, their blocks, the last block and the block before the range
   * (`cursor`) are of one chain: the last block has the same hash before and after, and the cursor's is looked at again.
   *
   * @param now Unix seconds
   */
  async read(
    from: number,
    target: number,
    cursor: BlockRef | undefined,
    now: number,
    signal: AbortSignal,
  ): Promise<ReadRange | RangeObstacle> {
    for (;;) {
      const toBlock = Math.min(target, from + this.#blocks - 1);
      const before = await this.node.getBlock(toBlock, signal);
      if (before === undefined) return 'moved';
      const answer = await this.#getLogs(from, toBlock, signal);
      if (answer === undefined) continue;
      const blocks = groupByBlock(answer, { address: this.address, fromBlock: from, toBlock });
      const dated = await this.#dated(blocks, before, now, signal);
      const [after, atCursor] = await Promise.all([
        this.node.getBlock(toBlock, signal),
        cursor && this.node.getBlock(cursor.number, signal),
      ]);
      if (cursor !== undefined && atCursor?.hash !== cursor.hash) return 'cursor-gone';
      if (dated === undefined || after?.hash !== before.hash) return 'moved';
      const last = dated.at(-1)?.block;
      if (last?.number === toBlock && last.hash !== before.hash) return 'moved';
      return { blocks: dated, through: before };
    }
  }

  /** Undefined where it was too much at once: less is asked for next. */
  async #getLogs(fromBlock: number, toBlock: number, signal: AbortSignal): Promise<ContractLog[] | undefined> {
    const { address, topics } = this;
    const span = toBlock - fromBlock + 1;
    const maxBytes = span === 1 ? MOST_ANSWER_BYTES_OF_ONE_BLOCK : MOST_ANSWER_BYTES;
    try {
      const logs = await this.node.getLogs({ address, topics, fromBlock, toBlock, maxBytes }, signal);
      this.#grow();
      return logs;
    } catch (error) {
      if (span === 1 || !isTooMuch(error)) throw error;
      this.#blocks = Math.ceil(span / 2);
      this.#answersInARow = 0;
      return undefined;
    }
  }

  #grow(): void {
    if (this.#blocks === MOST_BLOCKS || ++this.#answersInARow < ANSWERS_BEFORE_GROWTH) return;
    this.#answersInARow = 0;
    this.#blocks = Math.min(MOST_BLOCKS, this.#blocks * 2);
  }

  /**
   * With the time of each block: the exact one of recent blocks, of old ones at least that of the range's end, which
   * is at most so many blocks later. Undefined where a block is not of this chain any more.
   */
  async #dated(
    blocks: readonly LogsOfBlock[],
    end: ExecutionBlock,
    now: number,
    signal: AbortSignal,
  ): Promise<LogsOfBlock[] | undefined> {
    const isRecent = now - end.timestamp < RECENT_S;
    const dated: LogsOfBlock[] = [];
    for (const entry of blocks) {
      if (entry.timestamp !== undefined || !isRecent) {
        dated.push({ ...entry, timestamp: entry.timestamp ?? end.timestamp });
        continue;
      }
      const header = await this.node.getBlock(entry.block.number, signal);
      if (header?.hash !== entry.block.hash) return undefined;
      dated.push({ ...entry, timestamp: header.timestamp });
    }
    return dated;
  }
}

/** A node that searches too long is asked for less, too. */
function isTooMuch(error: unknown): boolean {
  return error instanceof ExecutionNodeError && (error.kind === 'limit' || error.kind === 'timeout');
}
