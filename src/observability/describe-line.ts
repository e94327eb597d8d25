import type { EventLine, TableName } from '../../machines/rules/event-log.js';
import type { DutyKind, Trigger } from '../../machines/rules/duties.js';

/** A line of the event log for people: what it is about, and what happened. */
export interface Description {
  readonly subject: string;
  readonly text: string;
}

/** What a `duty-executed` line does not say itself. */
export interface ExecutionFacts {
  readonly trigger: Trigger | undefined;
  /** Ms before the due point; negative: after it. */
  readonly marginMs: number | undefined;
}

const LONGEST_LIST = 8;

const TRIGGER_TEXTS: Readonly<Record<Trigger, string>> = {
  'slot-start': 'at the slot start',
  head: 'by the head',
  payload: 'by the payload',
  deadline: 'at the due point',
  late: 'late',
};

const NODE_TEXTS = {
  connected: 'connected',
  lost: 'lost: it cannot be reached',
  syncing: 'not in sync: duties wait',
  synced: 'in sync again',
  inconsistent: 'inconsistent: its answers do not match its heads',
} as const;

/** Says a line in words, without its time and slot. */
export function describeLine(line: EventLine, facts?: ExecutionFacts): Description {
  switch (line.type) {
    case 'scheduler-started':
      return {
        subject: 'scheduler',
        text: `started with ${counted(line.validators, 'validator')} for ${line.roles.join(', ')}; ${line.slotDurationMs} ms slots, ${line.slotsPerEpoch} per epoch`,
      };
    case 'scheduler-stopped':
      return { subject: 'scheduler', text: `stopped: ${line.reason}` };
    case 'duties-fetched':
      return {
        subject: line.role,
        text: `fetched ${tableText(line)}: ${line.received} of ${counted(line.requested, 'validator')} with duties, in ${Math.round(line.tookMs)} ms (${line.cause})`,
      };
    case 'duties-fetch-failed':
      return {
        subject: line.role,
        text: `could not fetch ${tableText(line)} (${line.cause}), again in ${Math.round(line.retryInMs)} ms: ${line.error}`,
      };
    case 'duties-fetch-cancelled':
      return { subject: line.role, text: `gave up fetching ${tableText(line)} (${line.cause})` };
    case 'duties-changed':
      return {
        subject: line.role,
        text: `${tableText(line)} changed: ${line.added.length} added, ${line.removed.length} removed, ${line.moved.length} moved`,
      };
    case 'reorg':
      return { subject: 're-org', text: reorgText(line) };
    case 'duty-due':
      return { subject: line.role, text: `due ${TRIGGER_TEXTS[line.trigger]}: ${listed(line.validators)}` };
    case 'duty-executed':
      return { subject: line.role, text: `met${executionText(line.role, facts)}: ${listed(line.validators)}` };
    case 'duty-deferred':
      return { subject: line.role, text: `deferred (${line.reason}): ${listed(line.validators)}` };
    case 'duty-failed':
      return { subject: line.role, text: `failed: ${listed(line.validators)}: ${line.error}` };
    case 'duty-cancelled':
      return { subject: line.role, text: `cancelled (${line.reason}): ${listed(line.validators)}` };
    case 'duty-skipped':
      return { subject: line.role, text: `skipped (${line.reason}): ${listed(line.validators)}` };
    case 'validators-changed':
      return {
        subject: 'validators',
        text: `${line.cause}: ${line.added.length} added, ${line.removed.length} removed`,
      };
    case 'subscriptions-sent':
      return { subject: 'subscriptions', text: `sent ${line.count} for ${line.kind} (${line.cause})` };
    case 'beacon-node':
      return { subject: 'beacon node', text: `${line.url} ${NODE_TEXTS[line.status]}` };
    case 'slots-skipped':
      return {
        subject: 'clock',
        text: line.from === line.to ? `slot ${line.from} was skipped` : `slots ${line.from} to ${line.to} were skipped`,
      };
  }
}

/** Whether a line is one of those that an operator should look at. */
export function isTrouble(line: EventLine): boolean {
  switch (line.type) {
    case 'scheduler-started':
    case 'duties-fetched':
    case 'duty-due':
    case 'duty-executed':
    case 'subscriptions-sent':
    case 'duties-changed':
    case 'validators-changed':
    case 'scheduler-stopped':
      return false;
    case 'beacon-node':
      return line.status !== 'connected' && line.status !== 'synced';
    case 'duty-skipped':
      return line.reason !== 'genesis-slot';
    default:
      return true;
  }
}

/** "validators 3 14 15 and 12 more". */
export function listed(validators: readonly number[], longest = LONGEST_LIST): string {
  const shown = validators.slice(0, longest).join(' ');
  const more = validators.length - longest;
  return `${validators.length === 1 ? 'validator' : 'validators'} ${shown}${more > 0 ? ` and ${more} more` : ''}`;
}

/** "1 validator", "64 validators". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** "epoch 7", "period 1". */
export function tableText(table: TableName): string {
  return table.role === 'sync-committee' ? `period ${table.period}` : `epoch ${table.epoch}`;
}

/** "512 ms early", "3 ms past due"; a proposal is due when its slot starts: "3 ms into slot". */
export function marginText(kind: DutyKind, marginMs: number): string {
  const ms = Math.round(Math.abs(marginMs));
  if (kind === 'proposer') return `${ms} ms into slot`;
  return marginMs >= 0 ? `${ms} ms early` : `${ms} ms past due`;
}

function executionText(kind: DutyKind, facts: ExecutionFacts | undefined): string {
  if (facts?.trigger === undefined) return '';
  const { trigger, marginMs } = facts;
  const margin = trigger === 'late' || marginMs === undefined ? '' : `, ${marginText(kind, marginMs)}`;
  return ` ${TRIGGER_TEXTS[trigger]}${margin}`;
}

function reorgText(line: Extract<EventLine, { type: 'reorg' }>): string {
  const roots = [
    ...(line.previousDependentRootChanged ? ['previous'] : []),
    ...(line.currentDependentRootChanged ? ['current'] : []),
  ];
  const changed = roots.length === 0 ? 'the head moved' : `${roots.join(' and ')} dependent root changed`;
  const tables = line.tables.map((table) => `${table.role} ${tableText(table)}`);
  return `${changed}; ${tables.length === 0 ? 'no table concerned' : `fetched again: ${tables.join(', ')}`}`;
}
