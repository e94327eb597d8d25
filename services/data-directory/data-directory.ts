import { mkdir, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Journal } from '../../machines/ports.js';
import type { ClaimLedger } from '../../machines/rules/at-most-once.js';
import { slotAt, type ChainSpec, type Slot } from '../../machines/rules/chain-time.js';
import type { Diagnostic } from '../../machines/rules/event-log.js';
import { ConfigurationError } from '../chain-loader.js';
import { realHost, type Host } from './host.js';
import { readJournal, type JournalReading } from './journal-reader.js';
import { JournalWriter, LEAST_KEPT_EPOCHS } from './journal-writer.js';
import { reasonOf } from './reason.js';
import { listSegments } from './segments.js';
import { keepForChain, openStateStore, type StateStore } from './state-store.js';

/** What outlives the process (docs/journal.md). */
export interface DataDirectory {
  /** Its methods never throw. */
  readonly journal: Journal;
  /**
   * Takes lines of a recording, which stand beside the others in the order of their writing. Undefined for a directory
   * that keeps none: then nothing is written for it either.
   */
  readonly recording?: Recording | undefined;
  /** What was claimed before, and what will be. The snapshots in the journal are taken from this very ledger. */
  readonly claims: ClaimLedger;
  /** Oldest slot from which the journal has every claim; a duty of before may have been executed unseen. */
  readonly recordFromSlot: Slot;
  /**
   * Where it is, and its key-value store, for what others keep beside the journal, each under a prefix of its own; open
   * until `close`. Undefined for a directory that is none, in memory.
   */
  readonly storage?: { readonly path: string; readonly state: StateStore };
  /** What it found at the start, for people. */
  readonly findings: readonly Diagnostic[];
  /** False from a failed write (a full disk) until one succeeds. */
  readonly writable: boolean;
  /** Writes what is left, syncs, and lets the directory go. */
  close(): Promise<void>;
}

/** Where the inputs of the machines are written. No method throws. */
export interface Recording {
  /** Appends a line, which ends with its newline. */
  record(line: string): void;
  /** From the next segment on, each begins with these lines too, behind the claims. */
  beginWith(snapshot: () => string): void;
}

export interface DataDirectoryOptions {
  readonly path: string;
  readonly chain: ChainSpec;
  readonly clock: Clock;
  /** Called once when the journal can no longer be written, and once when it can again; at the start, see `findings`. */
  readonly onProblem?: (diagnostic: Diagnostic) => void;
  /** Epochs of the journal that are kept at least; default, and minimum, 2. */
  readonly journalEpochs?: number;
  /** What files are written with; default: the machine's own. */
  readonly host?: Host;
}

/**
 * Opens a data directory, creating it where it is not there, for this process alone. Restores the claims and begins a
 * new segment of the journal. Rejects with a {@link ConfigurationError} for a path that cannot be used, a directory
 * that another process uses or that belongs to another chain, and a journal of an unknown version.
 */
export async function openDataDirectory(options: DataDirectoryOptions): Promise<DataDirectory> {
  const { path, chain, host = realHost } = options;
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw new ConfigurationError(`--data-dir ${path}: ${reasonOf(error)}`);
  }
  const store = await openStateStore(path, chain);
  try {
    return await openJournal({ ...options, host }, store);
  } catch (error) {
    await store.close();
    if (error instanceof ConfigurationError) throw error;
    throw new ConfigurationError(`--data-dir ${path}: ${reasonOf(error)}`);
  }
}

async function openJournal(
  {
    path,
    chain,
    clock,
    host,
    journalEpochs = LEAST_KEPT_EPOCHS,
    onProblem = () => undefined,
  }: DataDirectoryOptions & { readonly host: Host },
  store: StateStore,
): Promise<DataDirectory> {
  const { names, leftBehind } = await listSegments(path);
  for (const file of leftBehind) await rm(join(path, file), { force: true });
  const reading = await readJournal(path, names, chain);
  // Not before the journal has shown that it is of no other chain.
  await keepForChain(store, chain);
  const findings = [...reading.findings];
  const tell = (level: Diagnostic['level'], message: string) =>
    findings.push({ level, message: `journal: ${message}` });

  if (reading.tornTail !== undefined) {
    const { file, keep, bytes } = reading.tornTail;
    await truncate(join(path, file), keep);
    tell('warn', `a torn tail of ${bytes} bytes was cut from ${file}`);
  }
  const slot = slotAt(chain, clock.now());
  if (reading.latestTime > clock.now()) {
    const ahead = Math.ceil((reading.latestTime - clock.now()) / 1000);
    tell('warn', `its last line is ${ahead} s in the future: was the clock set back? Its claims stay`);
  }
  const recordFromSlot = unbrokenFrom(reading, host.bootId(), slot, tell);
  if (reading.recordFromSlot === undefined) tell('info', `a new one begins in slot ${slot}`);
  else tell('info', `of ${reading.lines} lines read, ${restored(reading)}; it is unbroken from slot ${recordFromSlot}`);

  let opened = false;
  const writer = new JournalWriter({
    folder: path,
    chain,
    clock,
    host,
    claims: reading.claims,
    recordFromSlot,
    segments: reading.segments,
    keptEpochs: Math.max(LEAST_KEPT_EPOCHS, journalEpochs),
    onProblem: (diagnostic) => {
      if (opened) onProblem(diagnostic);
      else findings.push(diagnostic);
    },
  });
  await writer.begin();
  opened = true;

  let closing: Promise<void> | undefined;
  return {
    journal: writer,
    recording: writer,
    claims: reading.claims,
    recordFromSlot,
    storage: { path, state: store },
    findings,
    get writable() {
      return writer.writable;
    },
    close: () => (closing ??= writer.close().then(() => store.close())),
  };
}

/**
 * Oldest slot with an unbroken record. Where claims may be missing up to the end of the last process, nothing is known
 * of any slot up to the current one.
 */
function unbrokenFrom(
  reading: JournalReading,
  boot: string | null,
  slot: Slot,
  tell: (level: Diagnostic['level'], message: string) => void,
): Slot {
  if (reading.recordFromSlot === undefined) return Math.max(0, slot);
  const next = Math.max(0, slot + 1);
  // Claims survive the process at once, the machine only after a sync.
  if (!reading.closed && reading.boot !== null && boot !== null && reading.boot !== boot) {
    tell('warn', 'the machine went down under the last process: its last claims may not have reached the disk');
    return next;
  }
  return Math.min(next, reading.recordFromSlot);
}

function restored({ claimedSlots }: JournalReading): string {
  if (claimedSlots === undefined) return 'no claims in it';
  return `claims of slots ${claimedSlots.first}…${claimedSlots.last} restored`;
}
