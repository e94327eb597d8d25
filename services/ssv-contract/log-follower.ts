/**
 * Follows the logs of the contract: history and live in one way. A cursor (block and hash) says what is in; every look
 * at the head reads from there to `followDistance` blocks behind it, after the cursor's hash has shown that the chain
 * is still the same. New heads over a WebSocket only wake it up. So nothing is lost and nothing comes twice, however
 * often the connection breaks.
 */
import type { Clock, Random } from '../../machines/ports.js';
import type { Diagnostic } from '../../machines/rules/event-log.js';
import { retryDelayMs } from '../../machines/rules/retry-delay.js';
import { commonBlock } from './common-block.js';
import type { BlockRef } from './contract-types.js';
import { ExecutionNodeError } from './execution-errors.js';
import type { ExecutionBlock, ExecutionNode } from './execution-node.js';
import { NodeTroubles } from './node-troubles.js';
import type { RangeReader, ReadRange } from './range-reader.js';

/** A chain whose last block is older is not followed yet: its node is behind. */
const FRESH_S = 300;
/** A node without any news for so long counts as lost, whatever its connection looks like. */
const LONGEST_SILENCE_MS = 120_000;
/** Pause after the chain changed while it was read. */
const MOVED_PAUSE_MS = 250;

/** Where the logs go, and what is in already. */
export interface LogSink {
  /** Last block that is in; undefined before the first. */
  readonly cursor: BlockRef | undefined;
  /** The blocks it can be rolled back to, ascending; the last one is the cursor. */
  readonly restorePoints: readonly BlockRef[];
  /** Nothing before the first restore point was forgotten: it can be rolled back to nothing. */
  readonly isWhole: boolean;
  /**
   * Takes the blocks after the cursor in. They are in for good when this resolves.
   *
   * @param head number of the chain's newest block
   */
  take(range: ReadRange, head: number): Promise<void>;
  /** Takes everything after a restore point out again; everything at all, if undefined. */
  rollBack(to: BlockRef | undefined): Promise<void>;
}

/** How far the history is. */
export interface SyncProgress {
  /** First block of the history that is read now. */
  readonly fromBlock: number;
  /** Last block that is in. */
  readonly block: number;
  /** Block up to which it is read. */
  readonly toBlock: number;
  /** Logs read so far. */
  readonly logs: number;
  readonly elapsedMs: number;
  /** Nothing is left; readiness. */
  readonly done: boolean;
}

export interface LogFollowerOptions {
  readonly node: ExecutionNode;
  readonly reader: RangeReader;
  readonly sink: LogSink;
  readonly startBlock: number;
  readonly followDistance: number;
  /** Chain id that the node must have; undefined: any. */
  readonly chainId: number | undefined;
  /** How often it looks at the head where nothing wakes it. */
  readonly pollMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly diagnose: (diagnostic: Diagnostic) => void;
  readonly onProgress: (progress: SyncProgress) => void;
  /** The history is in; comes once. */
  readonly onHistory: () => void;
}

/** What a look at the head led to: nothing to do before the next one, or the chain changed meanwhile. */
type Look = 'up-to-date' | 'moved';

export class LogFollower {
  readonly #options: LogFollowerOptions;
  readonly #troubles: NodeTroubles;
  #signal: AbortSignal = new AbortController().signal;
  #beganAt = 0;
  #logs = 0;
  #firstBlock: number | undefined;
  #historyIsIn = false;
  /** Who answers may be another node since it was lost. */
  #isChecked = false;
  #lastHead: ExecutionBlock | undefined;
  #newsAt = 0;
  /** When the connection said something by itself; undefined where it never does. */
  #heardAt: number | undefined;
  #wakeUp: (() => void) | undefined;
  #isWoken = false;

  constructor(options: LogFollowerOptions) {
    this.#options = options;
    this.#troubles = new NodeTroubles(options.node.url, options.clock, options.diagnose);
  }

  /** What keeps the node from being followed now; undefined: nothing. */
  get trouble(): string | undefined {
    return this.#troubles.current;
  }

  /** Follows until the signal fires, and then resolves. Rejects with what the sink throws. */
  async run(signal: AbortSignal): Promise<void> {
    const { node, clock, random, pollMs } = this.#options;
    this.#signal = signal;
    this.#beganAt = this.#newsAt = clock.now();
    node.listen({ onHead: () => this.#hear(), onLost: () => this.#wake() });
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    let failures = 0;
    while (!signal.aborted) {
      let pauseMs = pollMs;
      try {
        const look = await this.#look();
        failures = 0;
        if (look === 'moved') pauseMs = Math.min(MOVED_PAUSE_MS, pollMs);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof ExecutionNodeError)) throw error;
        failures += 1;
        this.#isChecked = false;
        this.#troubles.tell(error.message);
        // A node that is away wakes nobody up.
        this.#isWoken = false;
        pauseMs = retryDelayMs(failures, pollMs, random());
      }
      this.#watchForSilence();
      await this.#sleep(pauseMs);
    }
  }

  async #look(): Promise<Look> {
    const { node, followDistance, clock } = this.#options;
    if (!this.#isChecked && !(await this.#check())) return 'up-to-date';
    const head = await node.getBlock('latest', this.#signal);
    if (head === undefined) throw new ExecutionNodeError('schema', 'eth_getBlockByNumber: no latest block');
    this.#noteHead(head);
    const target = head.number - followDistance;
    const place = await this.#compare(head);
    if (place !== 'same') return place;
    while (this.#nextBlock() <= target) {
      if (!(await this.#advance(target, head.number))) return 'moved';
    }
    const age = Math.floor(clock.now() / 1000) - head.timestamp;
    if (age >= FRESH_S) {
      // A node that fell behind may be syncing by now.
      this.#isChecked = false;
      this.#troubles.tell(`its last block (${head.number}) is ${age} s old`);
      return 'up-to-date';
    }
    this.#troubles.over();
    this.#finishHistory(target);
    return 'up-to-date';
  }

  /** Whether the node may be believed; says so where not. */
  async #check(): Promise<boolean> {
    const { node, chainId } = this.#options;
    const id = chainId === undefined ? undefined : await node.getChainId(this.#signal);
    if (id !== chainId) {
      this.#troubles.tell(`it is on the chain with id ${id}, not ${chainId}: nothing is read from it`);
      return false;
    }
    const syncing = await node.getSyncing(this.#signal);
    if (syncing !== undefined) {
      this.#troubles.tell(`it is syncing: block ${syncing.currentBlock} of ${syncing.highestBlock}`);
      return false;
    }
    this.#isChecked = true;
    return true;
  }

  /** Reads a range; false where the chain changed meanwhile. */
  async #advance(target: number, head: number): Promise<boolean> {
    const { sink, reader, clock } = this.#options;
    const now = Math.floor(clock.now() / 1000);
    const read = await reader.read(this.#nextBlock(), target, sink.cursor, now, this.#signal);
    if (read === 'moved' || read === 'cursor-gone') return false;
    this.#firstBlock ??= this.#nextBlock();
    await sink.take(read, head);
    this.#logs += read.blocks.reduce((sum, { logs }) => sum + logs.length, 0);
    if (!this.#historyIsIn) this.#tellProgress(target, false);
    return true;
  }

  /**
   * Whether what is in belongs to the chain as it is now; where not, it is rolled back to the last common block. A head
   * below the cursor is no re-org while the blocks below it are the same: the node is behind, and is waited for. So is a
   * chain that has none of the stored blocks: what is known stays, because losing all duties would be worse.
   */
  async #compare(head: ExecutionBlock): Promise<'same' | Look> {
    const { sink, node, diagnose } = this.#options;
    const { cursor, restorePoints } = sink;
    if (cursor === undefined) return 'same';
    const common = await commonBlock(restorePoints, head, node, this.#signal);
    if (common === 'moved') return 'moved';
    const reached = restorePoints.findLast(({ number }) => number <= head.number);
    if (common === 'behind' || common === reached) {
      if (common === cursor) return 'same';
      this.#troubles.tell(`its head moved back to ${head.number}`);
      return 'up-to-date';
    }
    if (common === 'none' && !sink.isWhole) {
      this.#troubles.tell(
        `the blocks ${restorePoints[0]!.number} to ${cursor.number} that are stored are not on its chain; the ` +
          'validators known so far are kept; to read the contract anew, start with --resync',
        'error',
      );
      return 'up-to-date';
    }
    const to = common === 'none' ? 'the beginning' : `block ${common.number}`;
    diagnose({ level: 'warn', message: `re-org of the execution chain: from block ${cursor.number} back to ${to}` });
    await sink.rollBack(common === 'none' ? undefined : common);
    return 'moved';
  }

  #nextBlock(): number {
    const { sink, startBlock } = this.#options;
    return sink.cursor === undefined ? startBlock : sink.cursor.number + 1;
  }

  #finishHistory(target: number): void {
    if (this.#historyIsIn) return;
    this.#historyIsIn = true;
    this.#tellProgress(target, true);
    this.#options.onHistory();
  }

  #tellProgress(toBlock: number, done: boolean): void {
    const { clock, onProgress } = this.#options;
    const block = this.#nextBlock() - 1;
    const fromBlock = this.#firstBlock ?? block;
    onProgress({ fromBlock, block, toBlock, logs: this.#logs, elapsedMs: clock.now() - this.#beganAt, done });
  }

  #noteHead(head: ExecutionBlock): void {
    if (head.hash !== this.#lastHead?.hash) this.#newsAt = this.#options.clock.now();
    this.#lastHead = head;
  }

  /** A connection that stays open and says nothing is no connection. */
  #watchForSilence(): void {
    const { node, clock, diagnose } = this.#options;
    const now = clock.now();
    const isStalled = now - this.#newsAt >= LONGEST_SILENCE_MS;
    const isDeaf = this.#heardAt !== undefined && now - this.#heardAt >= LONGEST_SILENCE_MS;
    if (!isStalled && !isDeaf) return;
    if (isStalled) {
      const message = `no new block from the execution node ${node.url} for ${LONGEST_SILENCE_MS / 1000} s: connecting anew`;
      diagnose({ level: 'warn', message });
    }
    this.#newsAt = now;
    this.#heardAt = undefined;
    this.#isChecked = false;
    node.drop();
  }

  #hear(): void {
    this.#heardAt = this.#options.clock.now();
    this.#wake();
  }

  #wake(): void {
    this.#isWoken = true;
    this.#wakeUp?.();
  }

  /** Until the time is over or something wakes it, were it before the sleep. */
  async #sleep(ms: number): Promise<void> {
    const { clock } = this.#options;
    if (!this.#isWoken && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = clock.setTimeout(resolve, ms);
        this.#wakeUp = () => {
          clock.clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#wakeUp = undefined;
    this.#isWoken = false;
  }
}
