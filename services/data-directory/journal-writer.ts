import { join } from 'node:path';
import { clearImmediate, setImmediate } from 'node:timers';
import type { Clock, Journal } from '../../machines/ports.js';
import type { Claim, ClaimLedger } from '../../machines/rules/at-most-once.js';
import { slotAt, slotStartMs, type ChainSpec, type Slot } from '../../machines/rules/chain-time.js';
import type { Diagnostic, EventLine } from '../../machines/rules/event-log.js';
import type { Host } from './host.js';
import { claimLine, claimsHeld, closedLine, openedLine } from './journal-lines.js';
import { reasonOf } from './reason.js';
import {
  OPENING_SUFFIX,
  nextName,
  outlived,
  segmentFile,
  segmentSlots,
  type Segment,
  type SegmentName,
} from './segments.js';

/** Where in a slot nothing is due any more, from the payload attestation (3/4) to the next slot. */
const QUIET_PART_OF_SLOT = 0.85;
/** Epochs that are kept at least; `--journal-epochs` may ask for more. */
export const LEAST_KEPT_EPOCHS = 2;
/** Pause between two syncs to the disk, and between two attempts to write again after a failure, in ms. */
const SYNC_EVERY_MS = 1000;
const RETRY_EVERY_MS = 1000;

export interface JournalWriterOptions {
  readonly folder: string;
  readonly chain: ChainSpec;
  readonly clock: Clock;
  readonly host: Host;
  /** What the scheduler has claimed; every segment begins with all of it. */
  readonly claims: ClaimLedger;
  readonly recordFromSlot: Slot;
  /** Segments there are, oldest first. */
  readonly segments: readonly Segment[];
  /** Segments that ended more than so many epochs ago may go, as long as the newer ones hold as much. */
  readonly keptEpochs: number;
  /** Called once when writing begins to fail, and once when it works again. */
  readonly onProblem: (diagnostic: Diagnostic) => void;
}

interface MutableSegment extends Segment {
  name: SegmentName;
  lastSlot: Slot;
}

/**
 * The journal as a row of append-only files. A claim is written, with all that was reported before it, before `claimed`
 * returns; other lines at the end of the turn of the event loop; the disk is synced in the background. When a write
 * fails, the segment is marked and left; the next one that can be begun starts with all claims, so that nothing is
 * missing from then on. No method throws.
 */
export class JournalWriter implements Journal {
  readonly #options: JournalWriterOptions;
  readonly #segments: MutableSegment[];
  readonly #boot: string | null;
  /** The open file; it belongs to the last of the segments. Undefined before the start, after a failure, at the end. */
  #file: number | undefined;
  #lines: string[] = [];
  #lostLines = 0;
  #writable = true;
  #failedAt = -Infinity;
  #turn: NodeJS.Immediate | undefined;
  #rotation: unknown;
  #syncTimer: unknown;
  #unsynced = false;
  #syncing = false;
  /** Syncs, closings and removals, one after the other; never rejects. */
  #background: Promise<void> = Promise.resolve();
  #closed = false;
  #closing: Promise<void> | undefined;
  #snapshot: () => string = () => '';

  constructor(options: JournalWriterOptions) {
    this.#options = options;
    this.#segments = options.segments.map((segment) => ({ ...segment }));
    this.#boot = options.host.bootId();
  }

  /** False from a failed write until one succeeds. */
  get writable(): boolean {
    return this.#writable;
  }

  /** Begins the first segment; resolves when it is on the disk and older ones are gone, or when that failed. */
  async begin(): Promise<void> {
    this.#beginSegment();
    await this.#background;
  }

  report(line: EventLine): void {
    try {
      this.#append(`${JSON.stringify(line)}\n`);
    } catch {
      // A line that cannot be written as JSON is no reason to disturb a duty.
      this.#lostLines++;
    }
  }

  /** Appends a line of a recording, which ends with its newline. */
  record(line: string): void {
    this.#append(line);
  }

  /** From the next segment on, each begins with these lines too, right behind the claims. */
  beginWith(snapshot: () => string): void {
    this.#snapshot = snapshot;
  }

  claimed(claim: Claim): void {
    this.#append(claimLine('claim', this.#options.clock.now(), claim));
    this.#flush();
  }

  released(claim: Claim): void {
    this.#append(claimLine('claim-released', this.#options.clock.now(), claim));
  }

  /** Writes what is left, syncs and closes. Nothing is written after it. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #append(line: string): void {
    if (this.#closed) return;
    this.#lines.push(line);
    this.#turn ??= setImmediate(() => {
      this.#turn = undefined;
      this.#flush();
      this.#rotateWhenQuiet();
    });
  }

  #flush(): void {
    if (this.#lines.length === 0) return;
    const lines = this.#lines;
    this.#lines = [];
    if (this.#file === undefined && !this.#tryAgain()) {
      this.#lostLines += lines.length;
      return;
    }
    try {
      this.#write(this.#file!, lines.join(''));
    } catch (error) {
      this.#lostLines += lines.length;
      this.#fail(error);
      return;
    }
    this.#segments.at(-1)!.lastSlot = this.#slot();
    this.#unsynced = true;
    this.#scheduleSync();
  }

  /** A snapshot of many claims takes its time: it is taken towards the end of a slot, when nothing is due. */
  #rotateWhenQuiet(): void {
    if (this.#rotation !== undefined || !this.#isRotationDue()) return;
    const { chain, clock } = this.#options;
    const quietAt = slotStartMs(chain, this.#slot()) + QUIET_PART_OF_SLOT * chain.slotDurationMs;
    const rotate = () => {
      this.#rotation = undefined;
      this.#flush();
      if (this.#isRotationDue()) this.#beginSegment();
    };
    this.#rotation = clock.setTimeout(rotate, Math.max(0, quietAt - clock.now()));
  }

  #isRotationDue(): boolean {
    const current = this.#segments.at(-1);
    if (this.#file === undefined || current === undefined) return false;
    return this.#slot() - current.firstSlot >= segmentSlots(this.#options.chain);
  }

  /** Begins a new segment after a failure, unless that was tried a moment ago. */
  #tryAgain(): boolean {
    const sinceFailure = this.#options.clock.now() - this.#failedAt;
    // A clock that was set back must not put the next attempt off.
    if (sinceFailure >= 0 && sinceFailure < RETRY_EVERY_MS) return false;
    return this.#beginSegment();
  }

  /**
   * Writes a new segment's header and snapshot under a name that no reader heeds, then gives it its own: a segment is
   * there with its whole snapshot or not at all.
   */
  #beginSegment(): boolean {
    const { folder, chain, clock, host, claims, recordFromSlot } = this.#options;
    const now = { time: clock.now(), slot: this.#slot() };
    const name = nextName(this.#segments.at(-1)?.name, now.slot);
    const path = join(folder, segmentFile(name));
    const openingPath = path + OPENING_SUFFIX;
    let file: number | undefined;
    try {
      file = host.create(openingPath);
      const header = openedLine(now, { chain, recordFromSlot, lostLines: this.#lostLines, boot: this.#boot });
      this.#write(file, header + claimsHeld(claims, chain, now.time) + this.#snapshot());
      host.rename(openingPath, path);
    } catch (error) {
      if (file !== undefined) quietly(() => host.close(file!));
      quietly(() => host.remove(openingPath));
      this.#fail(error);
      return false;
    }
    const before = this.#file;
    this.#file = file;
    this.#segments.push({ name, firstSlot: now.slot, lastSlot: now.slot });
    this.#lostLines = 0;
    this.#settle(file, before);
    if (!this.#writable) {
      this.#writable = true;
      this.#tell({
        level: 'info',
        message: `the journal in ${folder} is written again, with every claim made meanwhile`,
      });
    }
    return true;
  }

  /** Brings a new segment to the disk, then lets go of what it replaces. */
  #settle(file: number, before: number | undefined): void {
    const { folder, host } = this.#options;
    this.#inBackground(async () => {
      try {
        await host.sync(file);
        await host.syncFolder(folder);
        this.#removeOutlived();
      } catch (error) {
        if (this.#file === file) this.#fail(error);
      }
    });
    if (before !== undefined) this.#release(before);
  }

  #removeOutlived(): void {
    const { folder, host, chain, keptEpochs } = this.#options;
    const keepSlots = keptEpochs * chain.slotsPerEpoch;
    const older = this.#segments.slice(0, -1);
    for (const segment of outlived(older, this.#slot() - keepSlots, keepSlots)) {
      try {
        host.remove(join(folder, segmentFile(segment.name)));
        this.#segments.splice(this.#segments.indexOf(segment), 1);
      } catch {
        // Stays in the list, and is tried again after the next segment.
      }
    }
  }

  /** Syncs and closes a file after everything that is under way for it. */
  #release(file: number): void {
    const { host } = this.#options;
    this.#inBackground(async () => {
      // The next segment holds the claims of this one.
      await host.sync(file).catch(() => undefined);
      quietly(() => host.close(file));
    });
  }

  /** Throws where the disk does not take all of it. */
  #write(file: number, text: string): void {
    let bytes: Uint8Array = Buffer.from(text);
    while (bytes.length > 0) {
      const written = this.#options.host.write(file, bytes);
      if (written <= 0) throw new Error('nothing was written');
      bytes = bytes.subarray(written);
    }
  }

  #fail(error: unknown): void {
    const { folder, clock } = this.#options;
    this.#failedAt = clock.now();
    if (this.#file !== undefined) this.#release(this.#file);
    this.#file = undefined;
    this.#unsynced = false;
    const marked = this.#markIncomplete();
    if (!this.#writable) return;
    this.#writable = false;
    const consequence = marked
      ? 'a restart before it is written again makes up no late duty of before'
      : 'nor be marked as incomplete: before a restart, move it away';
    this.#tell({
      level: 'error',
      message: `the journal in ${folder} cannot be written (${reasonOf(error)}): duties go on, but ${consequence}`,
    });
  }

  /** A name needs no space on a full disk. Whoever reads it knows that claims may be missing after this segment. */
  #markIncomplete(): boolean {
    const { folder, host } = this.#options;
    const last = this.#segments.at(-1);
    if (last === undefined || last.name.incomplete) return true;
    const marked = { ...last.name, incomplete: true };
    try {
      host.rename(join(folder, segmentFile(last.name)), join(folder, segmentFile(marked)));
    } catch {
      return false;
    }
    last.name = marked;
    return true;
  }

  #scheduleSync(): void {
    if (!this.#unsynced || this.#syncing || this.#syncTimer !== undefined || this.#closed) return;
    this.#syncTimer = this.#options.clock.setTimeout(() => {
      this.#syncTimer = undefined;
      this.#sync();
    }, SYNC_EVERY_MS);
  }

  #sync(): void {
    const file = this.#file;
    if (file === undefined || !this.#unsynced) return;
    this.#unsynced = false;
    this.#syncing = true;
    this.#inBackground(async () => {
      try {
        await this.#options.host.sync(file);
      } catch (error) {
        if (this.#file === file) this.#fail(error);
      } finally {
        this.#syncing = false;
        this.#scheduleSync();
      }
    });
  }

  async #close(): Promise<void> {
    const { clock } = this.#options;
    this.#closed = true;
    clearImmediate(this.#turn);
    clock.clearTimeout(this.#rotation);
    clock.clearTimeout(this.#syncTimer);
    this.#lines.push(closedLine({ time: clock.now(), slot: this.#slot() }));
    this.#failedAt = -Infinity;
    this.#flush();
    this.#sync();
    await this.#background;
    if (this.#file !== undefined) this.#release(this.#file);
    this.#file = undefined;
    await this.#background;
  }

  #slot(): Slot {
    return slotAt(this.#options.chain, this.#options.clock.now());
  }

  #inBackground(work: () => Promise<void>): void {
    this.#background = this.#background.then(work);
  }

  #tell(diagnostic: Diagnostic): void {
    quietly(() => this.#options.onProblem(diagnostic));
  }
}

/** For what is done at best: a failure changes nothing that could still be helped. */
function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // As said.
  }
}
