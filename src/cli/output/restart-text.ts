import type { RestartReport } from '../../observability/reports.js';
import { clockText } from './clock-text.js';

/** Until when a restart costs no duty, looked at now. */
export interface RestartView extends RestartReport {
  /** The slot that begins at `until`. */
  readonly slot: number;
  /** `until` lies ahead. */
  readonly isSafe: boolean;
}

const WHY: Readonly<Record<RestartReport['reason'], string>> = {
  'duties-under-way': 'duties are due then',
  'duties-ahead': 'duties are due then',
  'not-known-beyond': 'what is due then is not known yet',
};

/** "until slot 231 (14:03:12): duties are due then" */
export function untilText({ slot, until, reason }: RestartView): string {
  return `until slot ${slot} (${clockText(until).slice(0, 8)}): ${WHY[reason]}`;
}

/** Whether a restart is safe now, and until when. */
export function restartText(restart: RestartView): string {
  if (restart.isSafe) return `safe ${untilText(restart)}`;
  if (restart.reason === 'not-known-beyond') return 'not safe: what is due is not known yet';
  return `not safe: duties of slot ${restart.slot} are under way`;
}
