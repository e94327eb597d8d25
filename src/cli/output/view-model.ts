/** Everything the live view shows, as plain data: built from the tally and the scheduler's snapshot, drawn elsewhere. */
import {
  positionInEpoch,
  slotAt,
  slotStartMs,
  type ChainSpec,
  type Epoch,
  type Slot,
} from '../../../machines/rules/chain-time.js';
import type { DutyKind, Role } from '../../../machines/rules/duties.js';
import { dueAtMs } from '../../../machines/rules/duty-points.js';
import type { Diagnostic } from '../../../machines/rules/event-log.js';
import type { SyncProgress } from '../../../services/ssv-contract/log-follower.js';
import type { SchedulerSnapshot } from '../../scheduler-snapshot.js';
import { describeLine, isTrouble } from '../../observability/describe-line.js';
import { kindsOfRoles } from '../../observability/kinds-of-roles.js';
import { EMPTY_KINDS, type KindTallies, type Tally } from '../../observability/tally.js';
import type { RestartView } from './restart-text.js';
import type { UpcomingSlot } from '../../observability/reports.js';

/** A diagnostic with its time. */
export interface TimedDiagnostic extends Diagnostic {
  /** Unix ms. */
  readonly time: number;
}

/** Where in time the chain is. */
export interface SlotView {
  /** Negative before genesis. */
  readonly slot: Slot;
  readonly epoch: Epoch;
  /** From 0 on. */
  readonly position: number;
  readonly slotsPerEpoch: number;
  readonly slotDurationMs: number;
  /** Ms since the slot's start. */
  readonly offsetMs: number;
  readonly duePoints: readonly { readonly name: string; readonly offsetMs: number }[];
  /** When the slot's head came, in ms since its start. */
  readonly headOffsetMs: number | undefined;
  readonly msToGenesis: number;
}

export interface NodeView {
  readonly url: string;
  readonly status: string;
}

export interface TableView {
  readonly role: Role;
  readonly tables: readonly { readonly target: number; readonly status: string }[];
}

/** Something that happened, for people. */
export interface Happening {
  readonly time: number;
  readonly slot: Slot | undefined;
  readonly subject: string;
  readonly text: string;
  readonly isTrouble: boolean;
}

export interface ViewModel {
  readonly title: string;
  readonly nodes: readonly NodeView[];
  readonly ranMs: number;
  /** Undefined until the chain is known. */
  readonly time: SlotView | undefined;
  readonly validators: Readonly<Record<string, number>>;
  /** Of the SSV contract, while it is being read. */
  readonly history: SyncProgress | undefined;
  readonly roles: readonly Role[];
  readonly kinds: readonly DutyKind[];
  readonly thisEpoch: KindTallies;
  readonly tally: Tally;
  readonly upcoming: readonly UpcomingSlot[];
  /** Undefined before the start. */
  readonly restart: RestartView | undefined;
  readonly tables: readonly TableView[];
  readonly happenings: readonly Happening[];
}

export interface ViewSources {
  readonly title: string;
  readonly nodeUrls: readonly string[];
  readonly roles: readonly Role[];
  readonly beganAt: number;
  readonly now: number;
  readonly tally: Tally;
  readonly snapshot: SchedulerSnapshot | undefined;
  readonly upcoming: readonly UpcomingSlot[];
  readonly restart: RestartView | undefined;
  readonly diagnostics: readonly TimedDiagnostic[];
  readonly history: SyncProgress | undefined;
  readonly headAt: (slot: Slot) => number | undefined;
}

export function buildView(sources: ViewSources): ViewModel {
  const { title, nodeUrls, roles, beganAt, now, tally, snapshot, upcoming, restart, diagnostics, history, headAt } =
    sources;
  const time = snapshot && slotView(snapshot.chain, now, headAt);
  return {
    title,
    nodes: nodeUrls.map((url) => nodeView(url, tally, snapshot)),
    ranMs: now - beganAt,
    time,
    validators: snapshot?.validators ?? {},
    history,
    roles,
    kinds: kindsOfRoles(roles),
    thisEpoch: (time && tally.epochs.get(time.epoch)) ?? EMPTY_KINDS,
    tally,
    upcoming,
    restart,
    tables: roles.map((role) => ({ role, tables: tablesOf(snapshot, role) })),
    happenings: happeningsOf(tally, diagnostics),
  };
}

function slotView(chain: ChainSpec, now: number, headAt: ViewSources['headAt']): SlotView {
  const slot = slotAt(chain, now);
  const start = slotStartMs(chain, slot);
  const headMs = headAt(slot);
  return {
    slot,
    epoch: Math.floor(slot / chain.slotsPerEpoch),
    position: positionInEpoch(chain, slot),
    slotsPerEpoch: chain.slotsPerEpoch,
    slotDurationMs: chain.slotDurationMs,
    offsetMs: now - start,
    duePoints: [
      { name: 'attest', offsetMs: dueAtMs(chain, 'attester', slot) - start },
      { name: 'aggregate', offsetMs: dueAtMs(chain, 'aggregator', slot) - start },
    ],
    headOffsetMs: headMs === undefined ? undefined : headMs - start,
    msToGenesis: chain.genesisTimeMs - now,
  };
}

function nodeView(url: string, tally: Tally, snapshot: SchedulerSnapshot | undefined): NodeView {
  const node = snapshot?.nodes.find((candidate) => candidate.url === url);
  if (snapshot === undefined || node === undefined) return { url, status: 'waiting for it' };
  const status = tally.nodes.get(url) ?? 'not heard of yet';
  if (node.leads && snapshot.unfit !== undefined) return { url, status: `${status}: duties wait (${snapshot.unfit})` };
  return { url, status: node.leads && snapshot.nodes.length > 1 ? `${status}, leads` : status };
}

function tablesOf(snapshot: SchedulerSnapshot | undefined, role: Role): TableView['tables'] {
  const tables = snapshot?.roles[role]?.tables ?? [];
  return tables.map(({ target, status }) => ({ target, status })).sort((a, b) => a.target - b.target);
}

function happeningsOf(tally: Tally, diagnostics: readonly TimedDiagnostic[]): Happening[] {
  const told = tally.notable.map((line): Happening => {
    return { time: line.time, slot: line.slot, ...describeLine(line), isTrouble: isTrouble(line) };
  });
  const said = diagnostics.map(({ time, level, message }): Happening => {
    return { time, slot: undefined, subject: level, text: message, isTrouble: level === 'warn' || level === 'error' };
  });
  return [...told, ...said].sort((a, b) => a.time - b.time);
}
