import type { SyncProgress } from '../../../services/ssv-contract/log-follower.js';
import { durationText } from './duration-text.js';

const BAR_CELLS = 16;

/** How far the history of the SSV contract is, in words. */
export function historyText({ fromBlock, block, toBlock, logs, elapsedMs }: SyncProgress): string {
  const blocks = block - fromBlock + 1;
  const perSecond = elapsedMs > 0 ? (blocks * 1000) / elapsedMs : 0;
  const left = perSecond > 0 ? `, ${durationText(((toBlock - block) * 1000) / perSecond)} left` : '';
  return `block ${block} of ${toBlock}, ${logs} events, ${Math.round(perSecond)} blocks/s${left}`;
}

/** The same as a bar. */
export function historyBar({ fromBlock, block, toBlock }: SyncProgress): string {
  const share = toBlock < fromBlock ? 1 : (block - fromBlock + 1) / (toBlock - fromBlock + 1);
  const cells = Math.max(0, Math.min(BAR_CELLS, Math.floor(share * BAR_CELLS)));
  return `${'━'.repeat(cells)}${'─'.repeat(BAR_CELLS - cells)} ${Math.floor(share * 100)} %`;
}
