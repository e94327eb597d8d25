/**
 * What became of the duties of the last epochs, slot by slot, with heads, re-orgs and fetches: built from the lines of
 * the event log alone, bounded, a few operations a line.
 */
import type { Slot } from '../../machines/rules/chain-time.js';
import type { DutyKind, ValidatorIndex } from '../../machines/rules/duties.js';
import type { EventLine, TableName } from '../../machines/rules/event-log.js';
import { describeLine } from './describe-line.js';
import type { PastFetch, PastReorg, SlotDuties } from './reports.js';

export const KEPT_VALIDATORS = 64;
export const KEPT_EPOCHS = 3;
const KEPT_FETCHES = 256;
const KEPT_REORGS = 64;
/** A node may name any slot. */
const KEPT_HEADS = 1024;
const KEPT_REASONS = 16;
const LONGEST_REASON = 200;

export type MutableDuties = { -readonly [K in keyof SlotDuties]: SlotDuties[K] };
type Outcome = 'due' | 'met' | 'failed' | 'cancelled' | 'skipped' | 'deferred';

export class DutyHistory {
  readonly #duties = new Map<string, MutableDuties>();
  readonly #fetches: PastFetch[] = [];
  readonly #reorgs: PastReorg[] = [];
  /** Unix ms at which the first head of a slot came. */
  readonly #heads = new Map<Slot, number>();
  #slotsPerEpoch = 32;
  #prunedAt = -Infinity;

  /** Takes in a line of the event log. */
  take(line: EventLine): void {
    switch (line.type) {
      case 'scheduler-started':
        this.#slotsPerEpoch = line.slotsPerEpoch;
        break;
      case 'duty-due': {
        const duties = this.#count('due', line);
        duties.triggers = plus(duties.triggers, line.trigger, line.validators.length);
        duties.dueOffsetMs ??= line.offsetMs;
        break;
      }
      case 'duty-executed':
        this.#count('met', line).doneOffsetMs = line.offsetMs;
        break;
      case 'duty-failed':
        this.#count('failed', line, line.error);
        break;
      case 'duty-cancelled':
        this.#count('cancelled', line, line.reason);
        break;
      case 'duty-skipped':
        this.#count('skipped', line, line.reason);
        break;
      case 'duty-deferred':
        this.#count('deferred', line, line.reason);
        break;
      case 'duties-fetched':
        this.#keepFetch(line, 'fetched', line.time - line.tookMs);
        break;
      case 'duties-fetch-failed':
        this.#keepFetch(line, 'failed', line.time);
        break;
      case 'duties-fetch-cancelled':
        this.#keepFetch(line, 'cancelled', line.time);
        break;
      case 'reorg':
        this.#reorgs.push({ time: line.time, slot: line.slot, text: describeLine(line).text });
        if (this.#reorgs.length > KEPT_REORGS) this.#reorgs.shift();
        break;
      default:
    }
  }

  /** Notes the head of a slot; the first one counts. */
  head(slot: Slot, atMs: number): void {
    if (this.#heads.has(slot)) return;
    this.#heads.set(slot, atMs);
    if (this.#heads.size > KEPT_HEADS) this.#heads.delete(this.#heads.keys().next().value!);
  }

  /** Forgets what is older than the last {@link KEPT_EPOCHS} epochs; called once a slot. */
  prune(slot: Slot): void {
    const oldest = slot - KEPT_EPOCHS * this.#slotsPerEpoch;
    if (oldest === this.#prunedAt) return;
    this.#prunedAt = oldest;
    for (const [key, duties] of this.#duties) if (duties.slot < oldest) this.#duties.delete(key);
    for (const head of this.#heads.keys()) if (head < oldest) this.#heads.delete(head);
  }

  /** Duties of slots `from` to `to`, both included, in no particular order. */
  duties(from: Slot, to: Slot): SlotDuties[] {
    return [...this.#duties.values()].filter(({ slot }) => slot >= from && slot <= to);
  }

  of(kind: DutyKind, slot: Slot): SlotDuties | undefined {
    return this.#duties.get(`${kind} ${slot}`);
  }

  headAt(slot: Slot): number | undefined {
    return this.#heads.get(slot);
  }

  heads(from: Slot, to: Slot): { readonly slot: Slot; readonly at: number }[] {
    return [...this.#heads].map(([slot, at]) => ({ slot, at })).filter(({ slot }) => slot >= from && slot <= to);
  }

  /** Fetches that ended after a moment (unix ms), the oldest first. */
  fetchesSince(timeMs: number): PastFetch[] {
    return this.#fetches.filter(({ endedAt }) => endedAt >= timeMs);
  }

  reorgsSince(timeMs: number): PastReorg[] {
    return this.#reorgs.filter(({ time }) => time >= timeMs);
  }

  #count(outcome: Outcome, line: DutyLine, reason?: string): MutableDuties {
    const key = `${line.role} ${line.slot}`;
    let duties = this.#duties.get(key);
    if (duties === undefined) this.#duties.set(key, (duties = noDuties(line.role, line.slot)));
    duties[outcome] += line.validators.length;
    if (reason !== undefined) {
      const text = reason.slice(0, LONGEST_REASON);
      const isKnown = text in duties.reasons || Object.keys(duties.reasons).length < KEPT_REASONS;
      duties.reasons = plus(duties.reasons, isKnown ? text : 'other reasons', line.validators.length);
    }
    if (duties.validators.length < KEPT_VALIDATORS) {
      const known = new Set([...duties.validators, ...line.validators.slice(0, KEPT_VALIDATORS)]);
      duties.validators = [...known].slice(0, KEPT_VALIDATORS);
    }
    return duties;
  }

  #keepFetch(line: FetchLine, outcome: PastFetch['outcome'], startedAt: number): void {
    const { role, cause, time } = line;
    const target = line.role === 'sync-committee' ? line.period : line.epoch;
    this.#fetches.push({ role, target, cause, outcome, startedAt, endedAt: time, text: describeLine(line).text });
    if (this.#fetches.length > KEPT_FETCHES) this.#fetches.shift();
  }
}

type DutyLine = { readonly role: DutyKind; readonly slot: Slot; readonly validators: readonly ValidatorIndex[] };
type FetchLine = Extract<EventLine, { type: 'duties-fetched' | 'duties-fetch-failed' | 'duties-fetch-cancelled' }> &
  TableName;

/** Nothing has become of any duty of a kind and slot. */
export function noDuties(kind: DutyKind, slot: Slot): MutableDuties {
  const none = { due: 0, met: 0, failed: 0, cancelled: 0, skipped: 0, deferred: 0 };
  return { kind, slot, ...none, triggers: {}, reasons: {}, dueOffsetMs: null, doneOffsetMs: null, validators: [] };
}

function plus<K extends string>(counts: Readonly<Partial<Record<K, number>>>, key: K, more: number) {
  return { ...counts, [key]: (counts[key] ?? 0) + more } as Readonly<Record<K, number>>;
}
