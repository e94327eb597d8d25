import type { DutyKind, Trigger } from '../../../machines/rules/duties.js';
import type { EventLine, Report } from '../../../machines/rules/event-log.js';
import { EMPTY_TALLY, tallied, type DueOffset, type Tally } from '../../../src/observability/tally.js';

/** Due points of a 2 s slot. */
export const dueOffset: DueOffset = (kind) => {
  const offsets: Record<DutyKind, number> = {
    attester: 666,
    aggregator: 1333,
    proposer: 0,
    'sync-committee': 666,
    'sync-committee-contribution': 1333,
  };
  return offsets[kind];
};

export function line(report: Report, slot = 0, time = 0): EventLine {
  return { time, slot, ...report };
}

export const STARTED = line({
  type: 'scheduler-started',
  epoch: 0,
  slotDurationMs: 2000,
  slotsPerEpoch: 8,
  validators: 64,
  roles: ['attester', 'proposer', 'sync-committee'],
});

export function due(role: DutyKind, slot: number, trigger: Trigger, ...validators: number[]): EventLine {
  return line({ type: 'duty-due', role, slot, validators, trigger, offsetMs: 0 }, slot);
}

export function executed(role: DutyKind, slot: number, offsetMs: number, ...validators: number[]): EventLine {
  return line({ type: 'duty-executed', role, slot, validators, offsetMs, tookMs: 1 }, slot);
}

export function tallyOf(...lines: EventLine[]): Tally {
  return lines.reduce((tally, next) => tallied(tally, next, dueOffset), EMPTY_TALLY);
}
