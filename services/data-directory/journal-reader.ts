import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClaimLedger } from '../../machines/rules/at-most-once.js';
import { slotAt, type ChainSpec, type Slot } from '../../machines/rules/chain-time.js';
import type { Diagnostic } from '../../machines/rules/event-log.js';
import { ConfigurationError } from '../chain-loader.js';
import { requireSameChain } from './chain-identity.js';
import { decodeLine, type JournalEntry, type OpenedLine } from './journal-lines.js';
import { segmentFile, segmentSlots, type Segment, type SegmentName } from './segments.js';

const NEWLINE = 0x0a;
/**
 * Epochs whose segments are read at a start. Each begins with all that counts, so that the newest would do: those before
 * help where it is damaged, and what is kept for looking back must not make a restart slow.
 */
const READ_EPOCHS = 4;

/** What a journal says. */
export interface JournalReading {
  readonly lines: number;
  readonly claims: ClaimLedger;
  /** Slots of the claims read, those given back included. */
  readonly claimedSlots: { readonly first: Slot; readonly last: Slot } | undefined;
  /**
   * Oldest slot from which every claim is here, as far as the lines tell; undefined where there is no journal, `Infinity`
   * where they do not tell of any slot up to now.
   */
  readonly recordFromSlot: Slot | undefined;
  /** Latest time of a line, unix ms. */
  readonly latestTime: number;
  /** Whether the last process ended in order. */
  readonly closed: boolean;
  /** Boot in which the last segment was begun; null where not known. */
  readonly boot: string | null;
  readonly segments: readonly Segment[];
  /** The last segment's end without a newline: `bytes` of `file`, of which `keep` come before. */
  readonly tornTail: { readonly file: string; readonly keep: number; readonly bytes: number } | undefined;
  readonly findings: readonly Diagnostic[];
}

/**
 * Reads the newest epochs of a journal, segment by segment, and changes nothing. A line that cannot be read is reported
 * and skipped; since it may have been a claim, the record counts only from the slot after the next line that can be read.
 * Rejects with a {@link ConfigurationError} for a segment of another chain or of an unknown version.
 */
export async function readJournal(
  folder: string,
  names: readonly SegmentName[],
  chain: ChainSpec,
): Promise<JournalReading> {
  const reader = new JournalReader(chain);
  const first = firstNeeded(names, READ_EPOCHS * chain.slotsPerEpoch);
  for (const [i, name] of names.entries()) {
    if (i < first) reader.leaveOut(name, names[i + 1]!);
    else reader.read(name, await readFile(join(folder, segmentFile(name))), folder, name === names.at(-1));
  }
  return reader.reading();
}

/** Position of the first segment from which on so many slots are covered; 0 where there are not as many. */
function firstNeeded(names: readonly SegmentName[], slots: number): number {
  const newest = names.at(-1)?.slot ?? 0;
  return Math.max(
    0,
    names.findLastIndex(({ slot }) => newest - slot >= slots),
  );
}

class JournalReader {
  readonly #chain: ChainSpec;
  readonly #claims = new ClaimLedger();
  readonly #segments: Segment[] = [];
  readonly #findings: Diagnostic[] = [];
  #lines = 0;
  #firstClaim = Infinity;
  #lastClaim = -Infinity;
  #recordFromSlot = -Infinity;
  /** Something that may have been a claim was not read, and no line after it yet. */
  #broken = false;
  #latestTime = -Infinity;
  #last: JournalEntry | undefined;
  #opened: OpenedLine | undefined;
  #tornTail: JournalReading['tornTail'];

  constructor(chain: ChainSpec) {
    this.#chain = chain;
  }

  read(name: SegmentName, content: Buffer, folder: string, isLast: boolean): void {
    const file = segmentFile(name);
    const keep = content.lastIndexOf(NEWLINE) + 1;
    const bytes = content.length - keep;
    const unreadable: number[] = [];
    let firstTime = Infinity;
    let lastTime = -Infinity;
    if (keep > 0) {
      for (const [index, text] of content
        .toString('utf8', 0, keep - 1)
        .split('\n')
        .entries()) {
        const entry = decodeLine(text);
        if (entry === undefined || (index === 0 && !opensSegment(entry))) {
          unreadable.push(index + 1);
          this.#broken = true;
        }
        if (entry === undefined) continue;
        this.#take(entry, join(folder, file), folder);
        firstTime = Math.min(firstTime, entry.time);
        lastTime = Math.max(lastTime, entry.time);
      }
    }
    if (unreadable.length > 0) this.#reportUnreadable(file, unreadable);
    if (bytes > 0 && isLast) this.#tornTail = { file, keep, bytes };
    // A start cuts the torn tail of the segment before, and a failed write marks its segment: this is neither.
    else if (bytes > 0 && !name.incomplete) {
      this.#broken = true;
      this.#warn(`${file} ends within a line, and is not the last segment: claims before the next may be missing`);
    }
    if (isLast && name.incomplete) {
      this.#broken = true;
      this.#warn(`${file} ends with a failed write: claims made after it are not known`);
    }
    const [firstSlot, lastSlot] =
      firstTime > lastTime ? [name.slot, name.slot] : [slotAt(this.#chain, firstTime), slotAt(this.#chain, lastTime)];
    this.#segments.push({ name, firstSlot, lastSlot });
  }

  /** A segment that is kept for looking back only; it ended when the next one began, or before, by a stop. */
  leaveOut(name: SegmentName, next: SegmentName): void {
    const lastSlot = Math.min(next.slot, name.slot + segmentSlots(this.#chain));
    this.#segments.push({ name, firstSlot: name.slot, lastSlot });
  }

  reading(): JournalReading {
    const recordFromSlot = this.#broken || this.#opened === undefined ? Infinity : this.#recordFromSlot;
    return {
      lines: this.#lines,
      claims: this.#claims,
      claimedSlots: this.#lastClaim === -Infinity ? undefined : { first: this.#firstClaim, last: this.#lastClaim },
      recordFromSlot: this.#segments.length === 0 ? undefined : recordFromSlot,
      latestTime: this.#latestTime,
      closed: this.#last?.type === 'journal-closed',
      boot: this.#opened?.boot ?? null,
      segments: this.#segments,
      tornTail: this.#tornTail,
      findings: this.#findings,
    };
  }

  #take(entry: JournalEntry, path: string, folder: string): void {
    this.#lines++;
    this.#last = entry;
    this.#latestTime = Math.max(this.#latestTime, entry.time);
    if (this.#broken) {
      this.#recordFromSlot = Math.max(this.#recordFromSlot, slotAt(this.#chain, this.#latestTime) + 1);
      this.#broken = false;
    }
    switch (entry.type) {
      case 'unknown-version':
        throw new ConfigurationError(
          `--data-dir ${folder}: ${path} is of journal version ${entry.version}, which this program does not know`,
        );
      case 'journal-opened':
        requireSameChain(folder, entry.chain, this.#chain);
        this.#opened = entry;
        this.#recordFromSlot = Math.max(this.#recordFromSlot, entry.recordFromSlot);
        return;
      case 'claim-released':
        return this.#claims.release(entry.claim);
      case 'claim':
      case 'claim-held':
        this.#firstClaim = Math.min(this.#firstClaim, entry.slot);
        this.#lastClaim = Math.max(this.#lastClaim, entry.slot);
        this.#claims.claim(entry.claim);
        return;
      case 'journal-closed':
      case 'other':
        return;
    }
  }

  #reportUnreadable(file: string, lines: readonly number[]): void {
    const more = lines.length === 1 ? '' : `, and ${lines.length - 1} more after it`;
    this.#warn(`${file}, line ${lines[0]}: not readable${more}; the record counts only from the slot after that`);
  }

  #warn(message: string): void {
    this.#findings.push({ level: 'warn', message: `journal: ${message}` });
  }
}

function opensSegment({ type }: JournalEntry): boolean {
  return type === 'journal-opened' || type === 'unknown-version';
}
