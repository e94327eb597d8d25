import type { BlockRef, ContractLog, Hex } from './contract-types.js';
import { ExecutionNodeError, unusableAnswer } from './execution-errors.js';

/** The logs of one block, by log index; at least one. */
export interface LogsOfBlock {
  readonly block: BlockRef;
  /** Unix seconds; undefined where neither the log nor anybody else says it. */
  readonly timestamp: number | undefined;
  readonly logs: readonly ContractLog[];
}

/**
 * Puts an answer of `eth_getLogs` in order: by block and log index. Throws an {@link ExecutionNodeError} of kind
 * `schema` for an answer that cannot be true: of another address, outside the range, taken back, one log twice, or
 * two blocks of one number.
 */
export function groupByBlock(
  logs: readonly ContractLog[],
  { address, fromBlock, toBlock }: { readonly address: Hex; readonly fromBlock: number; readonly toBlock: number },
): LogsOfBlock[] {
  const blocks: { block: BlockRef; timestamp: number | undefined; logs: ContractLog[] }[] = [];
  let last: ContractLog | undefined;
  for (const log of [...logs].sort((a, b) => a.blockNumber - b.blockNumber || a.logIndex - b.logIndex)) {
    const { blockNumber, blockHash, blockTimestamp, logIndex } = log;
    if (log.address !== address) throw refused(log, `is of ${log.address}`);
    if (blockNumber < fromBlock || blockNumber > toBlock) throw refused(log, `is outside ${fromBlock}…${toBlock}`);
    if (log.removed) throw refused(log, 'is marked as removed');
    if (last?.blockNumber !== blockNumber) {
      blocks.push({ block: { number: blockNumber, hash: blockHash }, timestamp: blockTimestamp, logs: [log] });
    } else if (last.blockHash !== blockHash) {
      throw refused(log, 'is of another block of that number than the one before');
    } else if (last.logIndex === logIndex) {
      throw refused(log, 'is there twice');
    } else {
      blocks.at(-1)!.logs.push(log);
    }
    last = log;
  }
  return blocks;
}

function refused({ blockNumber, logIndex }: ContractLog, why: string): ExecutionNodeError {
  return unusableAnswer('eth_getLogs', `log ${logIndex} of block ${blockNumber} ${why}`);
}
