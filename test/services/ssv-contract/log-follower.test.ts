import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../services/clock/virtual-clock.js';
import type { ContractLog } from '../../../services/ssv-contract/contract-types.js';
import { ExecutionNodeError } from '../../../services/ssv-contract/execution-errors.js';
import { LogFollower, type SyncProgress } from '../../../services/ssv-contract/log-follower.js';
import { RangeReader } from '../../../services/ssv-contract/range-reader.js';
import { CONTRACT, MemorySink, ScriptedExecutionNode, scriptedName, TOPIC } from './scripted-execution-node.js';

const START_S = 1_800_000_000;
const POLL_MS = 12_000;

let clock: VirtualClock;
let node: ScriptedExecutionNode;
let sink: MemorySink;
let said: string[];
let progress: SyncProgress[];
let histories: number;
let life: AbortController;
let ended: Promise<unknown>;
let follower: LogFollower;

beforeEach(() => {
  clock = new VirtualClock(START_S * 1000);
  node = new ScriptedExecutionNode(START_S);
  sink = new MemorySink();
  said = [];
  progress = [];
  histories = 0;
});

/** Follows until the end of `time`; resolves to what `run` ended with. */
function follow(given: { followDistance?: number; startBlock?: number } = {}): void {
  life = new AbortController();
  follower = new LogFollower({
    node,
    reader: new RangeReader(node, CONTRACT, [TOPIC]),
    sink,
    startBlock: 0,
    followDistance: 0,
    chainId: 1337,
    pollMs: POLL_MS,
    clock,
    random: () => 0.5,
    diagnose: ({ message }) => said.push(message),
    onProgress: (step) => progress.push(step),
    onHistory: () => histories++,
    ...given,
  });
  ended = follower.run(life.signal).catch((error: unknown) => error);
}

async function stop(): Promise<void> {
  life.abort();
  expect(await ended).toBeUndefined();
  expect(clock.pending).toBe(0);
}

const lost = new ExecutionNodeError('unreachable', 'eth_x: gone');
const tooMuch = new ExecutionNodeError('limit', 'eth_getLogs: too much');

describe('history', () => {
  it('is read in ranges of 200 blocks up to the follow distance, and then told once', async () => {
    node.mine(100, ['a']);
    node.mine(350, ['b']);
    node.mine(45, ['c']);
    node.mine(5, ['too near']);
    follow({ followDistance: 5, startBlock: 50 });
    await clock.advanceBy(1000);
    expect(node.asked).toEqual([
      [50, 249],
      [250, 449],
      [450, 495],
    ]);
    expect(sink.names).toEqual(['a', 'b', 'c']);
    expect(sink.times).toEqual([100, 450, 495].map((number) => START_S + number));
    expect(histories).toBe(1);
    expect(progress.at(-1)).toMatchObject({ fromBlock: 50, block: 495, toBlock: 495, logs: 3, done: true });
    await clock.advanceBy(10 * POLL_MS);
    expect(histories).toBe(1);
    await stop();
  });

  it('goes on after the cursor', async () => {
    node.mine(100, ['a']);
    follow();
    await clock.advanceBy(1000);
    await stop();
    node.mine(50, ['b']);
    follow();
    await clock.advanceBy(1000);
    expect(node.asked.at(-1)).toEqual([101, 150]);
    expect(sink.names).toEqual(['a', 'b']);
    await stop();
  });

  it('halves a range that is too much, and grows it again', async () => {
    node.mine(2000, ['end']);
    node.alter = (logs, { fromBlock, toBlock }) => {
      if (fromBlock < 500 && toBlock - fromBlock + 1 > 60) throw tooMuch;
      return logs;
    };
    follow();
    await clock.advanceBy(1000);
    expect(node.asked.slice(0, 4)).toEqual([
      [0, 199],
      [0, 99],
      [0, 49],
      [50, 99],
    ]);
    expect(node.asked.at(-2)![1] - node.asked.at(-2)![0] + 1).toBe(200);
    expect(sink.names).toEqual(['end']);
    expect(said).toEqual([]);
    await stop();
  });

  it('asks for less of a node that searches too long, and gives one block room', async () => {
    node.mine(7, ['a']);
    const sizes: number[] = [];
    node.alter = (logs, { fromBlock, toBlock, maxBytes }) => {
      if (toBlock > fromBlock) throw new ExecutionNodeError('timeout', 'eth_getLogs: slow');
      sizes.push(maxBytes);
      return logs;
    };
    follow();
    await clock.advanceBy(1000);
    expect(sink.names).toEqual(['a']);
    expect(new Set(sizes)).toEqual(new Set([64 * 1024 * 1024]));
    await stop();
  });

  it('a limit that one block is above is a trouble like any other', async () => {
    node.alter = () => {
      throw tooMuch;
    };
    follow();
    await clock.advanceBy(POLL_MS);
    expect(said).toEqual(['waiting for the execution node http://scripted: eth_getLogs: too much']);
    expect(histories).toBe(0);
    await stop();
  });

  it('asks for the time of recent blocks where logs do not carry it, and takes that of the end for old ones', async () => {
    clock = new VirtualClock((START_S + 100_000) * 1000);
    node.namesTime = false;
    node.mine(100, ['old']);
    node.mine(100, []);
    follow();
    await clock.advanceBy(1000);
    expect(sink.times).toEqual([START_S + 199]);
    await stop();

    clock = new VirtualClock((START_S + 300) * 1000);
    sink = new MemorySink();
    node.mine(20, ['new']);
    node.mine(20, []);
    follow();
    await clock.advanceBy(1000);
    expect(sink.times).toEqual([START_S + 100, START_S + 220]);
    await stop();
  });

  it('waits until the last block is younger than 300 s', async () => {
    clock = new VirtualClock((START_S + 301) * 1000);
    node.mine(1, ['a']);
    follow();
    await clock.advanceBy(1000);
    expect(sink.names).toEqual(['a']);
    expect(histories).toBe(0);
    expect(said[0]).toMatch(/its last block \(1\) is 300 s old/);
    node.mine(20);
    await clock.advanceBy(POLL_MS);
    expect(histories).toBe(1);
    expect(said.at(-1)).toMatch(/is followed again/);
    await stop();
  });

  it('waits for a node that is syncing, and reads nothing from it', async () => {
    node.syncing = { currentBlock: 5, highestBlock: 9 };
    follow();
    await clock.advanceBy(3 * POLL_MS);
    expect(said).toEqual(['waiting for the execution node http://scripted: it is syncing: block 5 of 9']);
    expect(node.asked).toEqual([]);
    node.syncing = undefined;
    await clock.advanceBy(POLL_MS);
    expect(histories).toBe(1);
    await stop();
  });

  it('reads nothing from a node on another chain', async () => {
    node.chainId = 5;
    follow();
    await clock.advanceBy(3 * POLL_MS);
    expect(said).toEqual([
      'waiting for the execution node http://scripted: it is on the chain with id 5, not 1337: nothing is read from it',
    ]);
    expect(node.asked).toEqual([]);
    await stop();
  });
});

describe('live', () => {
  beforeEach(async () => {
    node.mine(10, ['history']);
    follow();
    await clock.advanceBy(1000);
    node.asked.length = 0;
  });

  it('polls on the clock, and asks for no logs where there is no new block', async () => {
    await clock.advanceBy(3 * POLL_MS);
    expect(node.asked).toEqual([]);
    node.mine(1, ['live']);
    await clock.advanceBy(POLL_MS);
    expect(sink.names).toEqual(['history', 'live']);
    expect(node.asked).toEqual([[11, 11]]);
    await stop();
  });

  it('is woken by a new head, also by one that comes while it reads', async () => {
    node.mine(1, ['a']);
    node.announce();
    await clock.advanceBy(0);
    expect(sink.names).toEqual(['history', 'a']);
    node.onRequest = (method) => {
      if (method !== 'getLogs') return;
      node.onRequest = () => undefined;
      node.mine(1, ['c']);
      node.announce();
    };
    node.mine(1, ['b']);
    node.announce();
    await clock.advanceBy(0);
    expect(sink.names).toEqual(['history', 'a', 'b', 'c']);
    await stop();
  });

  it('tries for ever with growing pauses, checks who answers again, and neither loses nor doubles anything', async () => {
    node.failures.push(...Array.from({ length: 60 }, () => lost));
    node.mine(1, ['a']);
    await clock.advanceBy(10 * 60_000);
    node.mine(1, ['b']);
    await clock.advanceBy(10 * 60_000);
    expect(node.failures).toEqual([]);
    expect(sink.names).toEqual(['history', 'a', 'b']);
    expect(said[0]).toBe('waiting for the execution node http://scripted: eth_x: gone');
    await stop();
  });

  it('takes a log in once that came before a failure further on', async () => {
    node.mine(150, ['a']);
    node.mine(150, ['b']);
    node.alter = (logs, { fromBlock }) => {
      if (fromBlock < 200) return logs;
      node.alter = (all) => all;
      throw lost;
    };
    await clock.advanceBy(2 * POLL_MS);
    expect(sink.names).toEqual(['history', 'a', 'b']);
    await stop();
  });

  it.each<[string, (log: ContractLog) => ContractLog[], RegExp]>([
    ['taken back', (log) => [{ ...log, removed: true }], /marked as removed/],
    ['of another address', (log) => [{ ...log, address: `0x${'0'.repeat(40)}` }], /is of 0x0{40}/],
    ['outside the range', (log) => [{ ...log, blockNumber: 4 }], /is outside 11…11/],
    ['there twice', (log) => [log, log], /is there twice/],
    [
      'of two blocks of one number',
      (log) => [log, { ...log, logIndex: 7, blockHash: TOPIC }],
      /of another block of that number/,
    ],
  ])('refuses an answer with a log that is %s, until it is right', async (_, spoil, says) => {
    node.alter = (logs) => logs.flatMap(spoil);
    node.mine(1, ['a']);
    await clock.advanceBy(2 * POLL_MS);
    expect(sink.names).toEqual(['history']);
    expect(said[0]).toMatch(says);
    node.alter = (logs) => logs;
    await clock.advanceBy(2 * POLL_MS);
    expect(sink.names).toEqual(['history', 'a']);
    await stop();
  });

  it('takes a node without a new block for two minutes for lost, and connects anew', async () => {
    await clock.advanceBy(115_000);
    expect(node.drops).toBe(0);
    await clock.advanceBy(20_000);
    expect(node.drops).toBe(1);
    expect(said).toEqual(['no new block from the execution node http://scripted for 120 s: connecting anew']);
    await stop();
  });

  it('connects anew where polls see blocks of which the subscription says nothing', async () => {
    node.announce();
    for (let i = 0; i < 12; i++) {
      node.mine(1);
      await clock.advanceBy(POLL_MS);
    }
    expect(node.drops).toBe(1);
    expect(said).toEqual([]);
    await stop();
  });
});

describe('re-orgs', () => {
  it.each([1, 3, 25])('of depth %i: back to the last common block, then on', async (depth) => {
    node.mine(5, ['old']);
    for (let i = 0; i < 25; i++) node.mine(1, [`a${i}`]);
    follow();
    await clock.advanceBy(1000);
    node.reorg(
      depth,
      Array.from({ length: depth }, (_, i) => [`b${i}`]),
    );
    await clock.advanceBy(2 * POLL_MS);
    const kept = Array.from({ length: 25 - depth }, (_, i) => `a${i}`);
    expect(sink.names).toEqual(['old', ...kept, ...Array.from({ length: depth }, (_, i) => `b${i}`)]);
    expect(sink.rollBacks).toHaveLength(1);
    await stop();
  });

  it('of blocks ahead of the cursor changes nothing', async () => {
    node.mine(10, ['a']);
    follow({ followDistance: 3 });
    await clock.advanceBy(1000);
    node.reorg(3);
    await clock.advanceBy(POLL_MS);
    expect(sink.rollBacks).toEqual([]);
    await stop();
  });

  it('of everything that was read: begins anew', async () => {
    node.mine(5, ['a']);
    follow({ startBlock: 3 });
    await clock.advanceBy(1000);
    node.reorg(4, [['b']]);
    await clock.advanceBy(2 * POLL_MS);
    expect(sink.rollBacks).toEqual([undefined]);
    expect(sink.names).toEqual([]);
    node.mine(1, ['c']);
    await clock.advanceBy(POLL_MS);
    expect(sink.names).toEqual(['c']);
    await stop();
  });

  it('of everything that is stored, where more was forgotten: keeps what it has, says the way out, and looks again', async () => {
    node.mine(5, ['a']);
    sink.isWhole = false;
    follow();
    await clock.advanceBy(1000);
    expect(follower.trouble).toBeUndefined();
    const getBlock = node.getBlock.bind(node);
    node.getBlock = async (number) => {
      const block = await getBlock(number);
      return block && { ...block, hash: TOPIC };
    };
    node.mine(1, ['b']);
    await clock.advanceBy(55_000);
    const trouble =
      'the blocks 5 to 5 that are stored are not on its chain; the validators known so far are kept; ' +
      'to read the contract anew, start with --resync';
    expect(follower.trouble).toBe(trouble);
    expect(said).toEqual([`waiting for the execution node http://scripted: ${trouble}`]);
    await clock.advanceBy(60_000);
    expect(said).toHaveLength(2);
    expect([sink.names, sink.rollBacks]).toEqual([['a'], []]);
    node.getBlock = getBlock;
    await clock.advanceBy(POLL_MS);
    expect(follower.trouble).toBeUndefined();
    expect(said.at(-1)).toBe('the execution node http://scripted is followed again');
    expect(sink.names).toEqual(['a', 'b']);
    await stop();
  });

  it('of everything that is stored is told at once, whatever was told before', async () => {
    node.mine(5, ['a']);
    sink.isWhole = false;
    follow();
    await clock.advanceBy(1000);
    node.reorg(5);
    node.failures.push(lost);
    await clock.advanceBy(2 * POLL_MS);
    expect(said).toEqual([
      'waiting for the execution node http://scripted: eth_x: gone',
      expect.stringMatching(/: the blocks 5 to 5 that are stored are not on its chain; .*--resync$/),
    ]);
    await stop();
  });

  it('however deep costs few requests', async () => {
    for (let i = 0; i < 1000; i++) node.mine(1, [`a${i}`]);
    follow();
    await clock.advanceBy(1000);
    node.reorg(700, []);
    node.headersAsked.length = 0;
    node.onRequest = (method) => {
      if (method === 'getLogs') node.failures.push(lost);
    };
    await clock.advanceBy(POLL_MS);
    expect(sink.rollBacks).toEqual([300]);
    expect(node.headersAsked.length).toBeLessThan(30);
    await stop();
  });

  it('between the logs and their last block: the range is read again', async () => {
    node.mine(5, ['old']);
    follow();
    await clock.advanceBy(1000);
    node.mine(1, ['a']);
    node.mine(1, []);
    node.alter = (logs) => {
      node.alter = (all) => all;
      node.reorg(2, [['b']]);
      return logs;
    };
    await clock.advanceBy(2 * POLL_MS);
    expect(sink.names).toEqual(['old', 'b']);
    expect(sink.rollBacks).toEqual([]);
    await stop();
  });

  it.each(['getBlock', 'getLogs'])('below the cursor, before %s of the next range', async (request) => {
    node.mine(5, ['old']);
    node.mine(1, ['a']);
    follow();
    await clock.advanceBy(1000);
    node.mine(1, ['b']);
    // The head and the cursor have been looked at.
    let headers = 0;
    node.onRequest = (method) => {
      if (method === 'getBlock') headers += 1;
      if (method !== request || headers < 3) return;
      node.onRequest = () => undefined;
      node.reorg(2, [['c'], ['d']]);
    };
    await clock.advanceBy(2 * POLL_MS);
    expect(sink.names).toEqual(['old', 'c', 'd']);
    await stop();
  });

  it('a head that moves back is no re-org while its blocks are the same', async () => {
    node.mine(5, ['a']);
    node.mine(5, ['b']);
    follow();
    await clock.advanceBy(1000);
    node.showUpTo(7);
    await clock.advanceBy(3 * POLL_MS);
    expect(sink.names).toEqual(['a', 'b']);
    expect(said).toEqual(['waiting for the execution node http://scripted: its head moved back to 7']);
    node.showUpTo(undefined);
    node.mine(1, ['c']);
    await clock.advanceBy(POLL_MS);
    expect(sink.names).toEqual(['a', 'b', 'c']);
    expect(sink.rollBacks).toEqual([]);
    await stop();
  });

  it('a head that moves back onto another branch is one', async () => {
    node.mine(5, ['a']);
    node.mine(5, ['b']);
    node.mine(5, ['c']);
    follow();
    await clock.advanceBy(1000);
    node.reorg(10, [[], [], [], ['d']]);
    node.showUpTo(12);
    await clock.advanceBy(2 * POLL_MS);
    expect(sink.names).toEqual(['a', 'd']);
    await stop();
  });

  it('whatever the chain does, what is in is what its logs say', async () => {
    const step = fc.oneof(
      fc.record({ type: fc.constant('mine' as const), count: fc.integer({ min: 1, max: 30 }) }),
      fc.record({ type: fc.constant('reorg' as const), count: fc.integer({ min: 1, max: 12 }) }),
      fc.record({ type: fc.constant('fail' as const), count: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ type: fc.constant('wake' as const), count: fc.constant(0) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(step, fc.boolean()), { maxLength: 25 }), async (steps) => {
        clock = new VirtualClock(START_S * 1000);
        node = new ScriptedExecutionNode(START_S);
        sink = new MemorySink();
        follow();
        let number = 0;
        for (const [{ type, count }, waits] of steps) {
          if (type === 'mine') node.mine(count, [`log ${number++}`]);
          if (type === 'reorg' && node.head.number > count) node.reorg(count, [[`log ${number++}`]]);
          if (type === 'fail') node.failures.push(...Array.from({ length: count }, () => lost));
          if (type === 'wake') node.announce();
          if (waits) await clock.advanceBy(POLL_MS);
        }
        while (node.failures.length > 0) await clock.advanceBy(POLL_MS);
        await clock.advanceBy(4 * POLL_MS);
        const all = await node.getLogs({ address: CONTRACT, topics: [], fromBlock: 0, toBlock: 1e9, maxBytes: 1 });
        expect(sink.names).toEqual(all.map(scriptedName));
        await stop();
      }),
      { numRuns: 200 },
    );
  });
});
