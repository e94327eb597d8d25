/** What the API answers and the page shows: plain JSON. Times are unix ms, offsets ms since a slot's start. */
import type { Epoch, Slot } from '../../machines/rules/chain-time.js';
import type { DutyKind, Role, Trigger, ValidatorIndex } from '../../machines/rules/duties.js';
import type { Cause, EventLine } from '../../machines/rules/event-log.js';

/** What became of the duties of one kind in one slot. */
export interface SlotDuties {
  readonly kind: DutyKind;
  readonly slot: Slot;
  /** Duties by what became of them so far; one that was deferred or came due is counted again with its outcome. */
  readonly due: number;
  readonly met: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly skipped: number;
  readonly deferred: number;
  /** Duties that came due, by what started them. */
  readonly triggers: Readonly<Partial<Record<Trigger, number>>>;
  /** Of what was deferred, skipped, cancelled or failed: how many, by why. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Ms since the slot's start at which the first of them came due. */
  readonly dueOffsetMs: number | null;
  /** Ms since the slot's start at which the last of them was executed. */
  readonly doneOffsetMs: number | null;
  /** The first 64 of them. */
  readonly validators: readonly ValidatorIndex[];
}

/** A fetch that is over. Unix ms. */
export interface PastFetch {
  readonly role: Role;
  /** Epoch; for the sync committee, period. */
  readonly target: number;
  readonly cause: Cause;
  readonly outcome: 'fetched' | 'failed' | 'cancelled';
  /** Equal to `endedAt` where its duration is not known. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly text: string;
}

/** A re-org as it was seen. */
export interface PastReorg {
  readonly time: number;
  readonly slot: Slot;
  readonly text: string;
}

/** One thing that must hold before duties can be met. */
export interface ReadinessCheck {
  /**
   * `chain-data`, `node-synced`, `events-flowing`, `tables-<role>`, `registry-synced`, `validators-followed`,
   * `journal-writable`.
   */
  readonly check: string;
  readonly ok: boolean;
  /** For people: what is so, or what is missing. */
  readonly detail: string;
}

export interface Readiness {
  readonly ready: boolean;
  readonly checks: readonly ReadinessCheck[];
}

/** Who has a duty in a slot, by role: the first few, and how many there are. */
export interface UpcomingSlot {
  readonly slot: Slot;
  readonly duties: readonly {
    readonly role: Role;
    readonly first: readonly ValidatorIndex[];
    readonly count: number;
  }[];
}

/** What the duties of one kind and slot come to; `planned`: not due yet, `open`: due, without an outcome. */
export type DutyState = 'planned' | 'open' | 'met' | 'late' | 'deferred' | 'skipped' | 'failed' | 'cancelled';

/** Duties of one kind and slot. */
export interface DutyMark extends SlotDuties {
  readonly state: DutyState;
  /** Known from the tables; 0 where they are gone. */
  readonly planned: number;
  /** Ms since the slot's start at which they are due. */
  readonly dueAtMs: number;
}

/** Where in time the chain is. */
export interface ChainReport {
  readonly genesisTimeMs: number;
  readonly slotDurationMs: number;
  readonly slotsPerEpoch: number;
  /** Negative before genesis. */
  readonly slot: Slot;
  readonly epoch: Epoch;
  readonly duePoints: readonly { readonly name: string; readonly offsetMs: number }[];
  /** When the current slot's first head came. */
  readonly headOffsetMs: number | null;
}

/** Until when a restart costs no duty. */
export interface RestartReport {
  /** Start of the next slot with duties of ours, or of the first that is not known; `time` or before: not now. */
  readonly until: number;
  readonly reason: 'duties-under-way' | 'duties-ahead' | 'not-known-beyond';
}

/** Duties of a kind since the server began. */
export interface KindTotals {
  readonly kind: DutyKind;
  readonly met: number;
  readonly late: number;
  readonly failed: number;
  readonly skipped: number;
  readonly cancelled: number;
  readonly deferred: number;
  /** Of `skipped` and `failed`: those that should have been met. */
  readonly missed: number;
  /** Ms before the due point, median of the last batches; negative: after it. */
  readonly medianMarginMs: number | null;
}

/** A line that an operator may want to see. */
export interface Happening {
  readonly time: number;
  readonly slot: Slot;
  readonly subject: string;
  readonly text: string;
  readonly isTrouble: boolean;
}

/** `GET /api/now` */
export interface NowReport {
  readonly time: number;
  readonly title: string;
  readonly version: string;
  /** Null until the beacon node has said it. */
  readonly chain: ChainReport | null;
  readonly duties: readonly DutyMark[];
  readonly upcoming: readonly UpcomingSlot[];
  readonly nodes: readonly {
    readonly url: string;
    readonly status: string;
    readonly unfit: string | null;
    /** Duties, roots and data come from it. */
    readonly leads: boolean;
  }[];
  readonly validators: Readonly<Record<string, number>>;
  readonly readiness: Readiness;
  readonly restart: RestartReport | null;
  readonly totals: readonly KindTotals[];
  readonly counts: { readonly reorgs: number; readonly slotsSkipped: number; readonly fetchesFailed: number };
  /** The newest first. */
  readonly happenings: readonly Happening[];
}

/** `GET /api/timeline` */
export interface TimelineReport {
  readonly time: number;
  readonly genesisTimeMs: number;
  readonly slotDurationMs: number;
  readonly slotsPerEpoch: number;
  readonly from: Slot;
  /** Included. */
  readonly to: Slot;
  readonly kinds: readonly DutyKind[];
  readonly roles: readonly Role[];
  readonly marks: readonly DutyMark[];
  readonly heads: readonly { readonly slot: Slot; readonly at: number }[];
  readonly fetches: readonly PastFetch[];
  readonly reorgs: readonly PastReorg[];
}

/** An actor of the scheduler. */
export interface ActorReport {
  /** Unique while it lives. */
  readonly id: string;
  readonly name: string;
  /** `id` of its parent; null for the scheduler. */
  readonly parent: string | null;
  /** Name of its chart; null for an actor without states. */
  readonly chart: string | null;
  /** Active states, as paths: `schedule.warming-up`. */
  readonly states: readonly string[];
  /** For people: what it is about. */
  readonly about: string;
}

/** `GET /api/machines` */
export interface MachinesReport {
  readonly time: number;
  readonly actors: readonly ActorReport[];
  /** Actors there are; more than `actors` where they are too many to list. */
  readonly total: number;
}

/** What an actor did: an event of `GET /api/machines/events`. */
export interface ActorStep {
  readonly time: number;
  readonly id: string;
  readonly name: string;
  /** Name of its parent; null for the scheduler and its own children. */
  readonly parent: string | null;
  readonly chart: string | null;
  readonly step: 'started' | 'moved' | 'done' | 'stopped' | 'crashed';
  readonly event: string;
  readonly from: readonly string[];
  readonly to: readonly string[];
}

/** `GET /api/machines/charts`: SVG by name of the chart. */
export type ChartsReport = Readonly<Record<string, string>>;

/** `line` event of `GET /api/events`: a line of the event log, and what it says in words. */
export interface LineEvent {
  readonly line: EventLine;
  readonly subject: string;
  readonly text: string;
  readonly isTrouble: boolean;
}
