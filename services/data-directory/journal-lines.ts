/** The journal's own lines, which stand beside those of the event log (docs/journal.md). */
import type { Claim, ClaimLedger } from '../../machines/rules/at-most-once.js';
import { epochOf, type ChainSpec, type Slot } from '../../machines/rules/chain-time.js';
import type { DutyKind } from '../../machines/rules/duties.js';
import { identityOf, parseIdentity, type ChainIdentity } from './chain-identity.js';

/** Version of the format. A reader of version 1 skips types it does not know, and refuses another version. */
export const JOURNAL_VERSION = 1;

interface Dated {
  /** Unix ms. */
  readonly time: number;
  readonly slot: Slot;
}

/** First line of a segment. */
export interface OpenedLine extends Dated {
  readonly type: 'journal-opened';
  readonly version: typeof JOURNAL_VERSION;
  readonly chain: ChainIdentity;
  /** Oldest slot from which the journal has every claim. */
  readonly recordFromSlot: Slot;
  /** Lines that could not be written since the segment before. */
  readonly lostLines: number;
  /** Boot of the machine; null where the system does not tell. */
  readonly boot: string | null;
}

/** `claim-held`: part of the snapshot at the beginning of a segment. */
export type ClaimLineType = 'claim-held' | 'claim' | 'claim-released';

/** `slot` is the duty's. */
export interface ClaimLine extends Dated {
  readonly type: ClaimLineType;
  readonly claim: Claim;
}

/** Last line of a process that ended in order. */
export interface ClosedLine extends Dated {
  readonly type: 'journal-closed';
}

/** A line as the reader understands it. */
export type JournalEntry =
  | OpenedLine
  | ClaimLine
  | ClosedLine
  /** Written by a version that cannot be read. */
  | ({ readonly type: 'unknown-version'; readonly version: number } & Dated)
  /** A line of the event log, or of a type that this version does not know. */
  | ({ readonly type: 'other'; readonly line: Readonly<Record<string, unknown>> } & Dated);

const KINDS: ReadonlySet<unknown> = new Set<DutyKind>([
  'attester',
  'aggregator',
  'proposer',
  'sync-committee',
  'sync-committee-contribution',
]);

/** First line of a segment, with its newline. */
export function openedLine(
  { time, slot }: Dated,
  { chain, ...fields }: { chain: ChainSpec; recordFromSlot: Slot; lostLines: number; boot: string | null },
): string {
  const head = { type: 'journal-opened', time, slot, version: JOURNAL_VERSION, chain: identityOf(chain) };
  return `${JSON.stringify({ ...head, ...fields })}\n`;
}

/** A claim with its newline. */
export function claimLine(type: ClaimLineType, time: number, { slot, kind, epoch, validators }: Claim): string {
  return `${JSON.stringify({ type, time, slot, role: kind, epoch, validators })}\n`;
}

/** Last line of a process, with its newline. */
export function closedLine({ time, slot }: Dated): string {
  return `${JSON.stringify({ type: 'journal-closed', time, slot })}\n`;
}

/**
 * All claims of a ledger as lines, one per slot and kind. In the order of slots, because a ledger takes attestations of
 * a validator only in the order of their target epochs.
 */
export function claimsHeld(claims: ClaimLedger, chain: ChainSpec, time: number): string {
  const byDuty = new Map<string, Claim & { validators: number[] }>();
  for (const claim of claims.claims((slot) => epochOf(chain, slot))) {
    const key = `${claim.slot} ${claim.epoch} ${claim.kind}`;
    const held = byDuty.get(key);
    if (held === undefined) byDuty.set(key, { ...claim, validators: [...claim.validators] });
    else for (const validator of claim.validators) held.validators.push(validator);
  }
  const inOrder = [...byDuty.values()].sort((a, b) => a.slot - b.slot);
  return inOrder.map((claim) => claimLine('claim-held', time, claim)).join('');
}

/** Reads a line; undefined for one that no version could have written. */
export function decodeLine(text: string): JournalEntry | undefined {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof line !== 'object' || line === null) return undefined;
  const fields = line as Record<string, unknown>;
  const { type, time, slot } = fields;
  if (typeof type !== 'string' || !isTime(time) || !isInteger(slot)) return undefined;
  switch (type) {
    case 'journal-opened':
      return decodeOpened(fields, { time, slot });
    case 'claim-held':
    case 'claim':
    case 'claim-released':
      return decodeClaim(type, fields, { time, slot });
    case 'journal-closed':
      return { type, time, slot };
    default:
      return { type: 'other', time, slot, line: fields };
  }
}

function decodeOpened(fields: Record<string, unknown>, dated: Dated): JournalEntry | undefined {
  const { version, recordFromSlot, lostLines, boot } = fields;
  if (!isInteger(version)) return undefined;
  if (version !== JOURNAL_VERSION) return { type: 'unknown-version', version, ...dated };
  const chain = parseIdentity(fields['chain']);
  if (chain === undefined || !isInteger(recordFromSlot) || !isInteger(lostLines)) return undefined;
  if (boot !== null && typeof boot !== 'string') return undefined;
  return { type: 'journal-opened', version, chain, recordFromSlot, lostLines, boot, ...dated };
}

function decodeClaim(type: ClaimLineType, fields: Record<string, unknown>, dated: Dated): JournalEntry | undefined {
  const { role, epoch, validators } = fields;
  if (typeof role !== 'string' || !isInteger(epoch) || !isIntegers(validators)) return undefined;
  // A role of a later version: this one hands no such duty over.
  if (!KINDS.has(role)) return { type: 'other', line: fields, ...dated };
  return { type, claim: { kind: role as DutyKind, slot: dated.slot, epoch, validators }, ...dated };
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isIntegers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(isInteger);
}
