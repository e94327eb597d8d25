import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ContractLedger } from '../../../services/ssv-contract/contract-ledger.js';
import { CONTRACT_ABI } from '../../../services/ssv-contract/contract-abi.js';
import { ContractStore } from '../../../services/ssv-contract/contract-store.js';
import type { ContractLog } from '../../../services/ssv-contract/contract-types.js';
import { groupByBlock } from '../../../services/ssv-contract/logs-of-blocks.js';
import { openStateStore } from '../../../services/data-directory/state-store.js';
import { logOf, publicKeyOf } from '../../services/ssv-contract/contract-log-maker.js';
import { testChain } from '../../support/chain.js';
import { atLeast, atMost, digits, shown, ratio, type Benchmark } from '../support/benchmark.js';
import { EventLoopMeter } from '../support/event-loop.js';
import { alternate, ratioOf, summaryOf } from '../support/statistics.js';

const EVENTS = 100_000;
const CLUSTERS = 2000;
const EVENTS_PER_BLOCK = 5;
const BLOCKS_PER_RANGE = 200;
const EVENTS_PER_RANGE = EVENTS_PER_BLOCK * BLOCKS_PER_RANGE;
/** Logs that ethers is given; it is far too slow for all of them. */
const SAMPLE = 2000;
const KEY_OF_TEMPLATE = publicKeyOf(0xabcdef).slice(2);

/** The history of the SSV contract, decoded, applied and stored, against the decoding of `ethers` alone. */
export const contractHistory: Benchmark = {
  name: 'contract-history',
  title: 'The history of the SSV contract',
  run: async () => {
    const template = logOf('ValidatorAdded', { publicKey: `0x${KEY_OF_TEMPLATE}` });
    const blocks: number[] = [];
    const rates = await alternate(
      {
        ours: async () => {
          const { rate, longestMs } = await takeHistory(template);
          blocks.push(longestMs);
          return rate;
        },
        ethers: () => parseWithEthers(template),
      },
      { repeats: 3 },
    );
    const ours = shown(summaryOf(rates.ours), ' events/s');
    const against = shown(summaryOf(rates.ethers), ' events/s');
    const longest = Math.max(...blocks);
    return [
      atLeast(
        'decoded, applied and stored, against parseLog',
        ours,
        against,
        ratio(ratioOf(rates.ours, rates.ethers)),
        10,
      ),
      atMost('longest block', '', '', { value: longest, text: `${digits(longest)} ms` }, 10, ' ms'),
    ];
  },
};

async function takeHistory(template: ContractLog): Promise<{ rate: number; longestMs: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'contract-history-'));
  const state = await openStateStore(folder, testChain());
  try {
    const identity = { chainId: 17, contract: template.address, startBlock: 1 };
    const store = await ContractStore.open({ state, dataDir: folder, identity });
    const ledger = new ContractLedger({ registry: store.registry, store, slotOf: (timestamp) => timestamp });
    const meter = new EventLoopMeter();
    let tookMs = 0;
    let longestMs = 0;
    for (let first = 0; first < EVENTS; first += EVENTS_PER_RANGE) {
      const logs = Array.from({ length: EVENTS_PER_RANGE }, (_, i) => logNumber(template, first + i));
      const fromBlock = logs[0]!.blockNumber;
      const toBlock = logs.at(-1)!.blockNumber;
      await new Promise(setImmediate);
      meter.begin();
      const begin = performance.now();
      const grouped = groupByBlock(logs, { address: template.address, fromBlock, toBlock });
      await ledger.take(grouped, grouped.at(-1)!.block);
      tookMs += performance.now() - begin;
      longestMs = Math.max(longestMs, meter.end());
    }
    return { rate: (EVENTS / tookMs) * 1000, longestMs };
  } finally {
    await state.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function parseWithEthers(template: ContractLog): number {
  const logs = Array.from({ length: SAMPLE }, (_, i) => logNumber(template, i));
  const begin = performance.now();
  for (const { topics, data } of logs) CONTRACT_ABI.parseLog({ topics, data });
  return (SAMPLE / (performance.now() - begin)) * 1000;
}

/** The n-th event: a key of its own, an owner of one of the clusters. */
function logNumber(template: ContractLog, n: number): ContractLog {
  const blockNumber = 1 + Math.floor(n / EVENTS_PER_BLOCK);
  const owner = `0x${(n % CLUSTERS).toString(16).padStart(64, '0')}`;
  return {
    ...template,
    blockNumber,
    blockHash: `0x${blockNumber.toString(16).padStart(64, '0')}`,
    logIndex: n % EVENTS_PER_BLOCK,
    blockTimestamp: blockNumber * 12,
    topics: [template.topics[0]!, owner],
    data: template.data.replace(KEY_OF_TEMPLATE, publicKeyOf(n + 1).slice(2)),
  };
}
