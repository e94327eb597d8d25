import type { SyncProgress } from '../../../services/ssv-contract/log-follower.js';
import { durationText } from './duration-text.js';
import { historyText } from './history-text.js';

const LINE_EVERY_MS = 5000;

/** Says now and then how far the history of the SSV contract is, where nothing can be redrawn. */
export class HistoryLines {
  #saidAtMs = 0;

  constructor(private readonly say: (message: string) => void) {}

  take(progress: SyncProgress): void {
    const { block, logs, elapsedMs, done } = progress;
    if (done) {
      this.say(`history of the SSV contract read up to block ${block}: ${logs} events in ${durationText(elapsedMs)}`);
    } else if (elapsedMs - this.#saidAtMs >= LINE_EVERY_MS) {
      this.#saidAtMs = elapsedMs;
      this.say(`history of the SSV contract: ${historyText(progress)}`);
    }
  }
}
