/** Numbers and names as people read them. */
import type { DutyKind } from '../../machines/rules/duties.js';
import type { DutyMark, DutyState } from '../observability/reports.js';

export const KIND_NAMES: Readonly<Record<DutyKind, string>> = {
  attester: 'attester',
  aggregator: 'aggregator',
  proposer: 'proposer',
  'sync-committee': 'sync committee',
  'sync-committee-contribution': 'contribution',
};

/** Each state has a sign of its own, so that nothing depends on its colour. */
export const STATE_SIGNS: Readonly<Record<DutyState, string>> = {
  planned: '○',
  open: '◔',
  met: '✓',
  late: '◷',
  deferred: '‖',
  skipped: '✕',
  failed: '!',
  cancelled: '–',
};

export const STATE_NAMES: Readonly<Record<DutyState, string>> = {
  planned: 'planned',
  open: 'under way',
  met: 'met',
  late: 'met late',
  deferred: 'deferred',
  skipped: 'skipped',
  failed: 'failed',
  cancelled: 'cancelled',
};

/** "2.04 s", "370 ms". */
export function span(ms: number): string {
  const size = Math.abs(ms);
  if (size < 1000) return `${Math.round(ms)} ms`;
  if (size < 90_000) return `${(ms / 1000).toFixed(size < 10_000 ? 2 : 1)} s`;
  return size < 5_400_000 ? `${Math.round(ms / 60_000)} min` : `${(ms / 3_600_000).toFixed(1)} h`;
}

/** Distance from the start of a slot: "+370 ms", "−3.96 s". */
export function offset(ms: number): string {
  return `${ms < 0 ? '−' : '+'}${span(Math.abs(ms))}`;
}

export function clockTime(ms: number): string {
  return new Date(ms).toLocaleTimeString([], {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
}

/** "410 ms early", "12 ms past due"; a proposal is due when its slot starts. */
export function punctuality({ kind, doneOffsetMs, dueAtMs }: DutyMark): string {
  if (doneOffsetMs === null) return '';
  if (kind === 'proposer') return `${span(doneOffsetMs)} into the slot`;
  const margin = dueAtMs - doneOffsetMs;
  return margin >= 0 ? `${span(margin)} early` : `${span(-margin)} past due`;
}

/** How many duties a mark stands for. */
export function sizeOf({ planned, due, met, failed, skipped, cancelled }: DutyMark): number {
  return Math.max(planned, due, met + failed + skipped + cancelled);
}

/** A mark in a sentence. */
export function markText(mark: DutyMark): string {
  const parts = [`slot ${mark.slot}`, KIND_NAMES[mark.kind], duties(sizeOf(mark)), STATE_NAMES[mark.state]];
  const when = punctuality(mark);
  if (when !== '') parts.push(when);
  for (const [reason, amount] of Object.entries(mark.reasons)) parts.push(`${amount}: ${reason}`);
  return parts.join(', ');
}

export function duties(amount: number): string {
  return amount === 1 ? '1 duty' : `${amount.toLocaleString()} duties`;
}

/** "3, 14, 15 and 12 more". */
export function listed(validators: readonly number[], total: number, most: number): string {
  const shown = validators.slice(0, most);
  const more = total - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
