import { createHash } from 'node:crypto';

/** A log as `eth_getLogs` answers it, without its position. */
export interface RawLog {
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
}

/** A block as JSON-RPC has it, with its logs. */
export interface RawBlock {
  readonly number: number;
  readonly hash: string;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly logs: readonly RawLog[];
}

/** An execution chain in memory that answers JSON-RPC requests, and remembers every block that it ever had. */
export class ExecutionChain {
  readonly chainId = 31337;
  /** What `eth_getLogs` was asked for: first and last block. */
  readonly asked: [number, number][] = [];
  readonly #everHad = new Map<string, { readonly block: RawBlock; readonly parent: string }>();
  #blocks: RawBlock[] = [];
  #mined = 0;

  constructor() {
    this.mine([]);
  }

  get head(): RawBlock {
    return this.#blocks.at(-1)!;
  }

  /** Adds a block of now. */
  mine(logs: readonly RawLog[]): void {
    const parent = this.#blocks.at(-1)?.hash ?? '';
    const hash = `0x${createHash('sha256').update(`${parent} ${this.#mined++}`).digest('hex')}`;
    const block = { number: this.#blocks.length, hash, timestamp: Math.floor(Date.now() / 1000), logs };
    this.#blocks.push(block);
    this.#everHad.set(hash, { block, parent });
  }

  /** Takes the last blocks back; the next ones are of another branch. */
  takeBack(depth: number): void {
    this.#blocks = this.#blocks.slice(0, -depth);
  }

  /** The blocks that lead to one of its blocks, on whichever branch, from the first on. Throws for an unknown one. */
  branchOf(hash: string): RawBlock[] {
    const branch: RawBlock[] = [];
    for (let at = hash; at !== '';) {
      const entry = this.#everHad.get(at);
      if (entry === undefined) throw new RangeError(`no block ${at}`);
      branch.push(entry.block);
      at = entry.parent;
    }
    return branch.reverse();
  }

  /** The `result` of a request; throws for a method that it does not know. */
  answer(method: string, params: readonly unknown[]): unknown {
    switch (method) {
      case 'eth_chainId':
        return hex(this.chainId);
      case 'eth_syncing':
        return false;
      case 'eth_getBlockByNumber': {
        const block = params[0] === 'latest' ? this.head : this.#blocks[Number(params[0])];
        return block === undefined
          ? null
          : { number: hex(block.number), hash: block.hash, timestamp: hex(block.timestamp) };
      }
      case 'eth_getLogs': {
        const { fromBlock, toBlock } = params[0] as { fromBlock: string; toBlock: string };
        this.asked.push([Number(fromBlock), Number(toBlock)]);
        return this.#blocks.slice(Number(fromBlock), Number(toBlock) + 1).flatMap(logsOf);
      }
      default:
        throw new RangeError(`the method ${method} is not known`);
    }
  }
}

/** The logs of a block as `eth_getLogs` answers them. */
export function logsOf({ number, hash, timestamp, logs }: RawBlock): unknown[] {
  return logs.map((log, index) => ({
    ...log,
    blockNumber: hex(number),
    blockHash: hash,
    blockTimestamp: hex(timestamp),
    transactionHash: hash,
    transactionIndex: hex(index),
    logIndex: hex(index),
    removed: false,
  }));
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
