import { createHash } from 'node:crypto';
import type { BlockRef, ContractLog, Hex } from '../../../services/ssv-contract/contract-types.js';
import { ExecutionNodeError } from '../../../services/ssv-contract/execution-errors.js';
import type { ExecutionBlock, ExecutionNode, LogFilter } from '../../../services/ssv-contract/execution-node.js';
import type { HeadListener } from '../../../services/ssv-contract/rpc-transport.js';
import type { ReadRange } from '../../../services/ssv-contract/range-reader.js';

export const CONTRACT = `0x${'c0'.repeat(20)}`;
export const TOPIC = `0x${'01'.repeat(32)}`;

const hashOf = (...parts: readonly (string | number)[]): Hex =>
  `0x${createHash('sha256').update(parts.join('/')).digest('hex')}`;

interface ScriptedBlock extends ExecutionBlock {
  readonly logs: readonly string[];
}

/** An execution chain in memory, and a node on it that does what a test wants. */
export class ScriptedExecutionNode implements ExecutionNode {
  readonly url = 'http://scripted';
  chainId = 1337;
  syncing: { currentBlock: number; highestBlock: number } | undefined;
  /** Errors to reject the next requests with, whatever they are. */
  readonly failures: ExecutionNodeError[] = [];
  /** Called before each request is answered. */
  onRequest: (method: string) => void = () => undefined;
  /** Changes an answer to `getLogs`. */
  alter: (logs: ContractLog[], filter: LogFilter) => ContractLog[] = (logs) => logs;
  /** Whether logs carry the time of their block. */
  namesTime = true;
  drops = 0;
  readonly asked: [number, number][] = [];
  readonly headersAsked: (number | 'latest')[] = [];
  #blocks: ScriptedBlock[] = [];
  #listener: HeadListener | undefined;
  #height: number | undefined;
  #reorgs = 0;

  /** @param startS unix seconds of block 0 */
  constructor(private readonly startS: number) {
    this.mine(1);
  }

  get head(): ExecutionBlock {
    return this.#blocks.at(-1)!;
  }

  /** Adds blocks; the names of the last one's logs may be given. */
  mine(count = 1, logs: readonly string[] = [], salt = ''): void {
    for (let i = 1; i <= count; i++) {
      const number = this.#blocks.length;
      const hash = hashOf(this.#blocks.at(-1)?.hash ?? 'genesis', number, salt);
      this.#blocks.push({ number, hash, timestamp: this.startS + number, logs: i === count ? logs : [] });
    }
  }

  /** Takes the last blocks back and puts as many others in their place, each with the logs given for it. */
  reorg(depth: number, logs: readonly (readonly string[])[] = []): void {
    this.#blocks = this.#blocks.slice(0, -depth);
    this.#reorgs += 1;
    for (let i = 0; i < depth; i++) this.mine(1, logs[i] ?? [], `reorg ${this.#reorgs}`);
  }

  /** Shows a chain of so many blocks only; undefined: all. */
  showUpTo(height: number | undefined): void {
    this.#height = height;
  }

  announce(): void {
    this.#listener?.onHead();
  }

  async getChainId(): Promise<number> {
    await this.#turn('getChainId');
    return this.chainId;
  }

  async getSyncing(): Promise<typeof this.syncing> {
    await this.#turn('getSyncing');
    return this.syncing;
  }

  async getBlock(block: number | 'latest'): Promise<ExecutionBlock | undefined> {
    this.headersAsked.push(block);
    await this.#turn('getBlock');
    const shown = this.#blocks.slice(0, (this.#height ?? this.#blocks.length) + 1);
    const found = block === 'latest' ? shown.at(-1) : shown[block];
    return found && { number: found.number, hash: found.hash, timestamp: found.timestamp };
  }

  async getLogs(filter: LogFilter): Promise<ContractLog[]> {
    this.asked.push([filter.fromBlock, filter.toBlock]);
    await this.#turn('getLogs');
    const blocks = this.#blocks.slice(filter.fromBlock, filter.toBlock + 1);
    return this.alter(
      blocks.flatMap((block) => block.logs.map((name, index) => this.#logOf(block, name, index))),
      filter,
    );
  }

  listen(listener: HeadListener): void {
    this.#listener = listener;
  }

  drop(): void {
    this.drops += 1;
    this.#listener?.onLost();
  }

  async close(): Promise<void> {}

  async #turn(method: string): Promise<void> {
    await Promise.resolve();
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    this.onRequest(method);
  }

  #logOf(block: ScriptedBlock, name: string, index: number): ContractLog {
    const position = { blockNumber: block.number, logIndex: index, transactionHash: hashOf('transaction', name) };
    return {
      ...position,
      address: CONTRACT,
      blockHash: block.hash,
      blockTimestamp: this.namesTime ? block.timestamp : undefined,
      removed: false,
      event: { type: 'ValidatorExited', owner: CONTRACT, operatorIds: [1, 2, 3, 4], publicKey: name, ...position },
    };
  }
}

/** The name that a log was given; its event carries it as the key. */
export function scriptedName({ event }: ContractLog): string {
  if (event?.type !== 'ValidatorExited') throw new TypeError('not a log of a scripted node');
  return event.publicKey;
}

/** What was taken in, for a look at it: the names of the logs, in order. */
export class MemorySink {
  points: BlockRef[] = [];
  isWhole = true;
  readonly rollBacks: (number | undefined)[] = [];
  #taken: { readonly number: number; readonly name: string; readonly timestamp: number | undefined }[] = [];

  get cursor(): BlockRef | undefined {
    return this.points.at(-1);
  }

  get restorePoints(): readonly BlockRef[] {
    return this.points;
  }

  get names(): string[] {
    return this.#taken.map(({ name }) => name);
  }

  get times(): (number | undefined)[] {
    return this.#taken.map(({ timestamp }) => timestamp);
  }

  async take({ blocks, through }: ReadRange): Promise<void> {
    for (const { block, timestamp, logs } of blocks) {
      for (const log of logs) this.#taken.push({ number: block.number, name: scriptedName(log), timestamp });
      if (block.number !== through.number) this.points.push(block);
    }
    this.points.push({ number: through.number, hash: through.hash });
  }

  async rollBack(to: BlockRef | undefined): Promise<void> {
    this.rollBacks.push(to?.number);
    this.points = to === undefined ? [] : this.points.slice(0, this.points.indexOf(to) + 1);
    this.#taken = this.#taken.filter(({ number }) => number <= (to?.number ?? -1));
  }
}
