/**
 * What the lines of the event log add up to: a plain reducer, for whatever shows it (terminal, summary, a page).
 * It keeps the whole run as counts, the last epochs one by one, and the last notable lines.
 */
import type { Epoch, Slot } from '../../machines/rules/chain-time.js';
import { type DutyKind, type Role, type Trigger, type ValidatorIndex } from '../../machines/rules/duties.js';
import type { CancelReason, DeferralReason, EventLine, SkipReason } from '../../machines/rules/event-log.js';

type Counts<K extends string> = Readonly<Partial<Record<K, number>>>;

/** How far before its due point (ms; negative: after it) a batch was done, and how many duties it had. */
export interface Margin {
  readonly ms: number;
  readonly duties: number;
}

/** What became of the duties of one kind. */
export interface KindTally {
  readonly met: number;
  /** Duties met, by what started them. */
  readonly metBy: Counts<Trigger>;
  readonly failed: number;
  readonly skipped: Counts<SkipReason>;
  readonly cancelled: Counts<CancelReason>;
  /** Duties that had to wait; what became of them in the end is counted beside. */
  readonly deferred: Counts<DeferralReason>;
  /** Of the last batches that were not late, oldest first. */
  readonly margins: readonly Margin[];
}

export type KindTallies = Readonly<Record<DutyKind, KindTally>>;

/** A batch that came due and has not all its outcomes yet. */
interface OpenBatch {
  readonly kind: DutyKind;
  readonly slot: Slot;
  readonly trigger: Trigger;
  readonly validators: ReadonlySet<ValidatorIndex>;
  readonly left: number;
}

export interface Tally {
  readonly started: Extract<EventLine, { type: 'scheduler-started' }> | undefined;
  readonly total: KindTallies;
  /** By the epoch of the duty's slot; the last few. */
  readonly epochs: ReadonlyMap<Epoch, KindTallies>;
  readonly open: readonly OpenBatch[];
  readonly fetched: Counts<Role>;
  readonly fetchesFailed: number;
  readonly fetchesCancelled: number;
  readonly reorgs: number;
  readonly slotsSkipped: number;
  /** Last status of each beacon node, by its address. */
  readonly nodes: ReadonlyMap<string, Extract<EventLine, { type: 'beacon-node' }>['status']>;
  /** The last lines that a person should see, oldest first. */
  readonly notable: readonly EventLine[];
  readonly lastLine: EventLine | undefined;
}

/** Due point of a kind in a slot, in ms since the slot's start. */
export type DueOffset = (kind: DutyKind, slot: Slot) => number | undefined;

const KEPT_MARGINS = 200;
const KEPT_EPOCHS = 3;
const KEPT_NOTABLE = 20;
/** A batch without an outcome for this long lost it. */
const KEPT_OPEN_EPOCHS = 3;

const EMPTY_KIND: KindTally = { met: 0, metBy: {}, failed: 0, skipped: {}, cancelled: {}, deferred: {}, margins: [] };

export const EMPTY_KINDS: KindTallies = {
  attester: EMPTY_KIND,
  aggregator: EMPTY_KIND,
  proposer: EMPTY_KIND,
  'sync-committee': EMPTY_KIND,
  'sync-committee-contribution': EMPTY_KIND,
};

export const EMPTY_TALLY: Tally = {
  started: undefined,
  total: EMPTY_KINDS,
  epochs: new Map(),
  open: [],
  fetched: {},
  fetchesFailed: 0,
  fetchesCancelled: 0,
  reorgs: 0,
  slotsSkipped: 0,
  nodes: new Map(),
  notable: [],
  lastLine: undefined,
};

/** The tally after one more line. `dueOffset` may not know yet: then no margin is counted. */
export function tallied(tally: Tally, line: EventLine, dueOffset: DueOffset): Tally {
  const after = counted(tally, line, dueOffset);
  const notable = isNotable(line) ? [...after.notable, line].slice(-KEPT_NOTABLE) : after.notable;
  return { ...after, notable, lastLine: line };
}

function counted(tally: Tally, line: EventLine, dueOffset: DueOffset): Tally {
  switch (line.type) {
    case 'scheduler-started':
      return { ...tally, started: line };
    case 'duty-due':
      return { ...tally, open: [...withoutForgotten(tally, line.slot), openBatch(line)] };
    case 'duty-executed':
      return afterExecuted(tally, line, dueOffset);
    case 'duty-failed':
      return settled(tally, line, (kind) => ({ ...kind, failed: kind.failed + line.validators.length }));
    case 'duty-skipped':
      return settled(tally, line, (kind) => ({
        ...kind,
        skipped: plus(kind.skipped, line.reason, line.validators.length),
      }));
    case 'duty-cancelled':
      return settled(tally, line, (kind) => ({
        ...kind,
        cancelled: plus(kind.cancelled, line.reason, line.validators.length),
      }));
    case 'duty-deferred':
      return withKind(tally, line.role, line.slot, (kind) => ({
        ...kind,
        deferred: plus(kind.deferred, line.reason, line.validators.length),
      }));
    case 'duties-fetched':
      return { ...tally, fetched: plus(tally.fetched, line.role, 1) };
    case 'duties-fetch-failed':
      return { ...tally, fetchesFailed: tally.fetchesFailed + 1 };
    case 'duties-fetch-cancelled':
      return { ...tally, fetchesCancelled: tally.fetchesCancelled + 1 };
    case 'reorg':
      return { ...tally, reorgs: tally.reorgs + 1 };
    case 'slots-skipped':
      return { ...tally, slotsSkipped: tally.slotsSkipped + (line.to - line.from + 1) };
    case 'beacon-node':
      return { ...tally, nodes: new Map(tally.nodes).set(line.url, line.status) };
    default:
      return tally;
  }
}

/** What a duty's batch was started by; undefined where its `duty-due` was not seen. */
export function triggerOf(tally: Tally, kind: DutyKind, slot: Slot, validator: ValidatorIndex): Trigger | undefined {
  return tally.open.find((batch) => batch.kind === kind && batch.slot === slot && batch.validators.has(validator))
    ?.trigger;
}

/** Duties that came due and have no outcome yet. */
export function underWay({ open }: Tally): number {
  return open.reduce((sum, { left }) => sum + left, 0);
}

/** Reasons for which nothing was missed: the duty was not there, was not ours yet, or was met in another slot. */
const NOTHING_MISSED: readonly SkipReason[] = [
  'genesis-slot',
  'before-validator-event',
  'participation-delay',
  'moved-after-claim',
  'added-by-reorg',
];

/** Duties that were not met and should have been; a cancelled duty is none any more. */
export function missed({ failed, skipped }: KindTally): number {
  return NOTHING_MISSED.reduce((sum, reason) => sum - (skipped[reason] ?? 0), failed + sumOf(skipped));
}

export function sumOf(counts: Counts<string>): number {
  return Object.values(counts).reduce<number>((sum, count = 0) => sum + count, 0);
}

/** Median of the margins, in ms, each batch weighing as much as it has duties; undefined where there are none. */
export function medianMargin(margins: readonly Margin[]): number | undefined {
  const sorted = [...margins].sort((a, b) => a.ms - b.ms);
  const half = sorted.reduce((sum, { duties }) => sum + duties, 0) / 2;
  let passed = 0;
  for (const [index, { ms, duties }] of sorted.entries()) {
    passed += duties;
    if (passed > half) return ms;
    if (passed === half) return (ms + sorted[index + 1]!.ms) / 2;
  }
  return undefined;
}

function afterExecuted(tally: Tally, line: Extract<EventLine, { type: 'duty-executed' }>, dueOffset: DueOffset): Tally {
  const { role, slot, validators, offsetMs } = line;
  const due = dueOffset(role, slot);
  const metBy = new Map<Trigger, number>();
  for (const { batch, share } of shares(tally.open, line)) {
    metBy.set(batch.trigger, (metBy.get(batch.trigger) ?? 0) + share);
  }
  const late = metBy.get('late') ?? 0;
  const margin = due === undefined || late > 0 ? [] : [{ ms: due - offsetMs, duties: validators.length }];
  return settled(tally, line, (kind) => ({
    ...kind,
    met: kind.met + validators.length,
    metBy: [...metBy].reduce((counts, [trigger, count]) => plus(counts, trigger, count), kind.metBy),
    margins: [...kind.margins, ...margin].slice(-KEPT_MARGINS),
  }));
}

interface DutyOutcome {
  readonly role: DutyKind;
  readonly slot: Slot;
  readonly validators: readonly ValidatorIndex[];
}

/** Counts an outcome, and closes what it was the outcome of. */
function settled(tally: Tally, outcome: DutyOutcome, change: (kind: KindTally) => KindTally): Tally {
  const closing = new Map(shares(tally.open, outcome).map(({ batch, share }) => [batch, share]));
  const open = tally.open.flatMap((batch) => {
    const left = batch.left - (closing.get(batch) ?? 0);
    if (left <= 0) return [];
    return [left === batch.left ? batch : { ...batch, left }];
  });
  return withKind({ ...tally, open }, outcome.role, outcome.slot, change);
}

/** How many validators of an outcome each open batch holds. */
function shares(open: readonly OpenBatch[], { role, slot, validators }: DutyOutcome) {
  return open
    .filter((batch) => batch.kind === role && batch.slot === slot)
    .map((batch) => ({ batch, share: validators.filter((validator) => batch.validators.has(validator)).length }))
    .filter(({ share }) => share > 0);
}

function withKind(tally: Tally, kind: DutyKind, slot: Slot, change: (kind: KindTally) => KindTally): Tally {
  const total = { ...tally.total, [kind]: change(tally.total[kind]) };
  if (tally.started === undefined) return { ...tally, total };
  const epoch = Math.floor(slot / tally.started.slotsPerEpoch);
  const kinds = tally.epochs.get(epoch) ?? EMPTY_KINDS;
  const epochs = new Map(tally.epochs).set(epoch, { ...kinds, [kind]: change(kinds[kind]) });
  const oldest = Math.max(...epochs.keys()) - KEPT_EPOCHS + 1;
  return { ...tally, total, epochs: new Map([...epochs].filter(([known]) => known >= oldest)) };
}

function openBatch(line: Extract<EventLine, { type: 'duty-due' }>): OpenBatch {
  const { role, slot, trigger, validators } = line;
  return { kind: role, slot, trigger, validators: new Set(validators), left: validators.length };
}

function withoutForgotten({ open, started }: Tally, slot: Slot): readonly OpenBatch[] {
  const oldest = slot - KEPT_OPEN_EPOCHS * (started?.slotsPerEpoch ?? 32);
  return open.filter((batch) => batch.slot >= oldest);
}

function isNotable(line: EventLine): boolean {
  switch (line.type) {
    case 'scheduler-started':
    case 'duties-fetched':
    case 'duty-due':
    case 'duty-executed':
    case 'subscriptions-sent':
      return false;
    default:
      return true;
  }
}

function plus<K extends string>(counts: Counts<K>, key: K, more: number): Counts<K> {
  return { ...counts, [key]: (counts[key] ?? 0) + more };
}
