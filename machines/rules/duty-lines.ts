/** The event-log lines of a batch. */
import type { Slot } from './chain-time.js';
import type { Duty, DutyKind, Trigger, ValidatorIndex } from './duties.js';
import type { CancelReason, DeferralReason, Report, SkipReason } from './event-log.js';

/** What names a batch. */
export interface BatchName {
  readonly kind: { readonly kind: DutyKind };
  readonly slot: Slot;
}

/** Validators of some duties, ascending. */
export function validatorsOf(duties: readonly Duty[]): ValidatorIndex[] {
  return duties.map((duty) => duty.validatorIndex).sort((a, b) => a - b);
}

export function dueLine(
  { kind, slot }: BatchName,
  duties: readonly Duty[],
  trigger: Trigger,
  offsetMs: number,
): Report {
  return { type: 'duty-due', slot, role: kind.kind, validators: validatorsOf(duties), trigger, offsetMs };
}

export function deferredLine({ kind, slot }: BatchName, duties: readonly Duty[], reason: DeferralReason): Report {
  return { type: 'duty-deferred', slot, role: kind.kind, validators: validatorsOf(duties), reason };
}

/** One line a reason; none where nobody is skipped. */
export function skippedLines(
  { kind, slot }: BatchName,
  skipped: ReadonlyMap<SkipReason, readonly ValidatorIndex[]>,
): Report[] {
  return [...skipped].map(([reason, validators]) => ({
    type: 'duty-skipped',
    slot,
    role: kind.kind,
    validators,
    reason,
  }));
}

export function cancelledLine({ kind, slot }: BatchName, duties: readonly Duty[], reason: CancelReason): Report {
  return { type: 'duty-cancelled', slot, role: kind.kind, validators: validatorsOf(duties), reason };
}

export function executedLine(
  { kind, slot }: BatchName,
  validators: readonly ValidatorIndex[],
  offsetMs: number,
  tookMs: number,
): Report {
  return { type: 'duty-executed', slot, role: kind.kind, validators, offsetMs, tookMs };
}

export function failedLine({ kind, slot }: BatchName, validators: readonly ValidatorIndex[], error: string): Report {
  return { type: 'duty-failed', slot, role: kind.kind, validators, error };
}
