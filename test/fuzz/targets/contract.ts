/** What an execution node says, what contract callers make it say, and what was stored of it. */
import { CONTRACT_EVENTS } from '../../../services/ssv-contract/contract-types.js';
import { readLog } from '../../../services/ssv-contract/contract-logs.js';
import { ExecutionNodeError } from '../../../services/ssv-contract/execution-errors.js';
import { groupByBlock } from '../../../services/ssv-contract/logs-of-blocks.js';
import {
  readCluster,
  readHead,
  readPoint,
  readValidator,
  sealed,
  unsealed,
} from '../../../services/ssv-contract/store-records.js';
import { logOf, OWNER, publicKeyOf } from '../../services/ssv-contract/contract-log-maker.js';
import { mustHold, unlessRefused, type FuzzTarget } from '../fuzz-target.js';
import { recordedLogs } from './recorded.js';

const HASH = `0x${'1f'.repeat(32)}`;
const CLUSTER_ID = `0x${'2e'.repeat(32)}`;

/** A log as a node writes it. */
function answered(name: (typeof CONTRACT_EVENTS)[number]): string {
  const { blockNumber, logIndex, ...log } = logOf(name);
  return JSON.stringify([{ ...log, blockNumber: `0x${blockNumber}`, logIndex: `0x${logIndex}`, removed: false }]);
}

/** An answer of `eth_getLogs`: any contract caller chooses what stands in a log. */
export const CONTRACT_LOGS: FuzzTarget = {
  name: 'contract-logs',
  samples: () => [...CONTRACT_EVENTS.map(answered), ...recordedLogs()],
  open() {
    const feed = (input: Buffer) => {
      let value: unknown;
      try {
        value = JSON.parse(input.toString());
      } catch {
        return undefined;
      }
      const logs = (Array.isArray(value) ? value : [value]).map(readLog).filter((log) => log !== undefined);
      if (logs.length === 0) return undefined;
      for (const log of logs) {
        mustHold(Number.isSafeInteger(log.blockNumber) && /^0x[0-9a-f]{64}$/.test(log.blockHash), () => log.blockHash);
        const { event } = log;
        if (event === undefined || event.type === 'refused') continue;
        const { operatorIds, owner } = event;
        mustHold([4, 7, 10, 13].includes(operatorIds.length), () => `${operatorIds.length} operators`);
        mustHold(new Set(operatorIds).size === operatorIds.length, () => `operators ${operatorIds.join()}`);
        mustHold(operatorIds.every(Number.isSafeInteger), () => `operators ${operatorIds.join()}`);
        mustHold(/^0x[0-9a-f]{40}$/.test(owner), () => `owner ${owner}`);
        if (!('publicKey' in event)) continue;
        mustHold(/^0x[0-9a-f]{96}$/.test(event.publicKey), () => `public key ${event.publicKey}`);
      }
      const range = { address: logs[0]!.address, fromBlock: 0, toBlock: Number.MAX_SAFE_INTEGER };
      return unlessRefused([ExecutionNodeError], () => groupByBlock(logs, range))?.length;
    };
    return Promise.resolve({ feed });
  },
};

const RECORDS: Readonly<Record<string, { readonly key: string; readonly content: unknown }>> = {
  head: {
    key: 'ssv/head',
    content: { version: 1, chainId: 1, contract: OWNER, startBlock: 5, validators: 1, clusters: 1, points: 2 },
  },
  validator: { key: publicKeyOf(1), content: [CLUSTER_ID, 17, null] },
  cluster: { key: CLUSTER_ID, content: [OWNER, [1, 2, 3, 4], false, null] },
  point: {
    key: '0000000000000017',
    content: [HASH, [[publicKeyOf(1), [CLUSTER_ID, 17, 4]]], [[CLUSTER_ID, null]]],
  },
};
const READERS: readonly ((key: string, content: unknown) => object | undefined)[] = [
  (_, content) => readHead(content),
  readValidator,
  readCluster,
  readPoint,
];

/** A row of the stored registry: its key, a newline, its content. Damaged under its seal, or with a good seal. */
export const STORE_RECORDS: FuzzTarget = {
  name: 'store-records',
  samples: () => Object.values(RECORDS).map(({ key, content }) => `${key}\n${JSON.stringify(content)}`),
  open() {
    const feed = (input: Buffer) => {
      const text = input.toString();
      const [key = '', row = ''] = text.split('\n', 2);
      mustHold(unsealed(key, row) === undefined, () => 'what was never sealed is read');
      let content: unknown;
      try {
        content = JSON.parse(row);
      } catch {
        return undefined;
      }
      mustHold(
        JSON.stringify(unsealed(key, sealed(key, content))) === JSON.stringify(content),
        () => 'another content',
      );
      const read = READERS.map((reader) => reader(key, content)).filter((record) => record !== undefined);
      return read.length === 0 ? undefined : read.length;
    };
    return Promise.resolve({ feed });
  },
};
