import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RealClock } from '../../../services/clock/real-clock.js';
import { openStateStore } from '../../../services/data-directory/state-store.js';
import { CONTRACT_ABI, EVENT_TOPICS } from '../../../services/ssv-contract/contract-abi.js';
import { ContractLedger } from '../../../services/ssv-contract/contract-ledger.js';
import { ContractSink } from '../../../services/ssv-contract/contract-sink.js';
import { ContractStore } from '../../../services/ssv-contract/contract-store.js';
import { createExecutionNode } from '../../../services/ssv-contract/execution-node.js';
import { LogFollower } from '../../../services/ssv-contract/log-follower.js';
import { RangeReader } from '../../../services/ssv-contract/range-reader.js';
import { testChain } from '../../support/chain.js';
import { ExecutionProcess } from '../node/execution-process.js';
import { CONTRACT, EVENTS_PER_BLOCK, FIRST_BLOCK, logAnswer } from '../node/log-answers.js';
import { atLeast, atMost, digits, shown, ratio, type Benchmark } from '../support/benchmark.js';
import { EventLoopMeter } from '../support/event-loop.js';
import { alternate, ratioOf, summaryOf } from '../support/statistics.js';

const EVENTS = 100_000;
/** Logs that ethers is given; it is far too slow for all of them. */
const SAMPLE = 2000;

/** The history of the SSV contract, from the execution node's answers to the disk, against the decoding of `ethers` alone. */
export const contractHistory: Benchmark = {
  name: 'contract-history',
  title: 'The history of the SSV contract',
  run: async () => {
    const node = await ExecutionProcess.start(EVENTS / EVENTS_PER_BLOCK);
    const blocks: number[] = [];
    const rates = await alternate(
      {
        ours: async () => {
          const { rate, longestMs } = await readHistory(node.url);
          blocks.push(longestMs);
          return rate;
        },
        ethers: parseWithEthers,
      },
      { repeats: 3 },
    );
    node.stop();
    const ours = shown(summaryOf(rates.ours), ' events/s');
    const against = shown(summaryOf(rates.ethers), ' events/s');
    const longest = Math.max(...blocks);
    const block = {
      value: longest,
      text: `${digits(longest)} ms; of each: ${blocks.map((ms) => digits(ms)).join(', ')}`,
    };
    return [
      atLeast(
        'read, decoded and stored, against parseLog',
        ours,
        against,
        ratio(ratioOf(rates.ours, rates.ethers)),
        10,
      ),
      atMost('longest block of all histories, one after the other', '', '', block, 10, ' ms'),
    ];
  },
};

async function readHistory(url: string): Promise<{ rate: number; longestMs: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'contract-history-'));
  const state = await openStateStore(folder, testChain());
  const clock = new RealClock();
  const node = createExecutionNode(url, clock);
  const life = new AbortController();
  try {
    const identity = { chainId: 17, contract: CONTRACT, startBlock: FIRST_BLOCK };
    const store = await ContractStore.open({ state, dataDir: folder, identity });
    const { registry } = store;
    const ledger = new ContractLedger({ registry, store, slotOf: (timestamp) => timestamp });
    const diagnose = ({ message }: { message: string }) => {
      throw new Error(message);
    };
    const follower = new LogFollower({
      node,
      reader: new RangeReader(node, CONTRACT, EVENT_TOPICS),
      sink: new ContractSink({ registry, ledger, diagnose }),
      startBlock: FIRST_BLOCK,
      followDistance: 0,
      chainId: undefined,
      pollMs: 1000,
      clock,
      random: () => 0.5,
      diagnose,
      onProgress: () => undefined,
      onHistory: () => life.abort(),
    });
    // A scheduler has talked to its beacon nodes by then: the first request of a process is not what is measured.
    await node.getBlock('latest', life.signal);
    const meter = new EventLoopMeter();
    meter.begin();
    const begin = performance.now();
    await follower.run(life.signal);
    const tookMs = performance.now() - begin;
    const longestMs = meter.end();
    if (registry.state.validatorCount !== EVENTS) throw new Error(`${registry.state.validatorCount} validators`);
    return { rate: (EVENTS / tookMs) * 1000, longestMs };
  } finally {
    await node.close();
    await state.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function parseWithEthers(): number {
  const answer = logAnswer(1, FIRST_BLOCK, FIRST_BLOCK + SAMPLE / EVENTS_PER_BLOCK - 1).toString();
  const { result: logs } = JSON.parse(answer) as { result: { topics: string[]; data: string }[] };
  const begin = performance.now();
  for (const { topics, data } of logs) CONTRACT_ABI.parseLog({ topics, data });
  return (SAMPLE / (performance.now() - begin)) * 1000;
}
