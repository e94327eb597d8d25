/** What the answers to status requests say of a node, and what is reported of it. */
import { BeaconNodeError, type SyncStatus } from '../ports.js';
import type { DeferralReason, Diagnostic, Report } from '../rules/event-log.js';
import type { BeaconNodeContext } from './node-context.js';

/** A node this many slots behind may still be trusted (SPEC §6). */
const TOLERATED_SYNC_DISTANCE = 4;

/** What a status request showed. */
export interface Health {
  readonly reachable: boolean;
  readonly status: SyncStatus | undefined;
}

/** It gave no answer, and takes no connection. */
export const UNREACHABLE: Health = { reachable: false, status: undefined };

/** It answered with this status. */
export function answered(status: SyncStatus): Health {
  return { reachable: true, status };
}

/** Whether a request failed because nobody is there; a timeout says nothing of that. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof BeaconNodeError && error.kind === 'unreachable';
}

/** Why the node is not to be trusted, if so. */
export function unfitBecause({ reachable, status }: Health): DeferralReason | undefined {
  if (!reachable) return 'node-unreachable';
  if (status === undefined) return undefined;
  if (status.isSyncing && status.syncDistance > TOLERATED_SYNC_DISTANCE) return 'node-syncing';
  if (status.isOptimistic) return 'node-optimistic';
  return status.elOffline ? 'execution-client-offline' : undefined;
}

/** What the node's head tells of those that nobody heard; what they changed, the roots show, which are asked for next. */
export function missedHeadsNote({ url, heardHeadSlot }: BeaconNodeContext, { headSlot }: SyncStatus): Diagnostic {
  const heard =
    heardHeadSlot === undefined ? 'none was heard before' : `the last one heard was of slot ${heardHeadSlot}`;
  return { level: 'info', message: `${url} is back: its head is of slot ${headSlot}, ${heard}` };
}

/** The status to report; undefined for an answer that tells none. */
export function statusOf(health: Health): 'connected' | 'lost' | 'syncing' | undefined {
  if (!health.reachable) return 'lost';
  return unfitBecause(health) === undefined ? 'connected' : 'syncing';
}

/** Lines for a status that is another than the last one reported. */
export function statusLines({ url, status: before }: BeaconNodeContext, health: Health): Report[] {
  const status = statusOf(health);
  if (status === undefined || status === before) return [];
  const lines: Report[] = [];
  if (before === 'unknown' || before === 'lost') {
    if (status !== 'lost') lines.push({ type: 'beacon-node', url, status: 'connected' });
  }
  if (status === 'lost' || status === 'syncing') lines.push({ type: 'beacon-node', url, status });
  if (before === 'syncing' && status === 'connected') lines.push({ type: 'beacon-node', url, status: 'synced' });
  return lines;
}
