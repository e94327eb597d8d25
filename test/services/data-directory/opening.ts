import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Claim } from '../../../machines/rules/at-most-once.js';
import { epochOf, slotStartMs, type ChainSpec, type Slot } from '../../../machines/rules/chain-time.js';
import type { DutyKind } from '../../../machines/rules/duties.js';
import type { EventLine } from '../../../machines/rules/event-log.js';
import { VirtualClock } from '../../../services/clock/virtual-clock.js';
import {
  openDataDirectory,
  type DataDirectory,
  type DataDirectoryOptions,
} from '../../../services/data-directory/data-directory.js';
import { ConfigurationError } from '../../../services/chain-loader.js';
import { testChain } from '../../support/chain.js';

/** 8 slots of 12 s per epoch. */
export const CHAIN: ChainSpec = testChain();

/** A clock that stands in a slot. */
export function clockAt(slot: Slot): VirtualClock {
  return new VirtualClock(slotStartMs(CHAIN, slot));
}

/** Opens a directory, and closes it after the test if the test did not. */
export async function open(
  path: string,
  clock: VirtualClock,
  options: Partial<DataDirectoryOptions> = {},
): Promise<DataDirectory> {
  const directory = await openDataDirectory({ path, chain: CHAIN, clock, ...options });
  onTestFinished(() => directory.close());
  return directory;
}

/** The error with which a directory refuses to open. */
export async function refusalOf(path: string, options: Partial<DataDirectoryOptions> = {}): Promise<string> {
  try {
    await openDataDirectory({ path, chain: CHAIN, clock: clockAt(100), ...options });
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw new Error('refused, but not with a ConfigurationError', { cause: error });
  }
  throw new Error('opened');
}

export function claimOf(kind: DutyKind, slot: Slot, ...validators: number[]): Claim {
  return { kind, slot, epoch: epochOf(CHAIN, slot), validators };
}

/** Claims as a hand-over does: the ledger first, then the journal. */
export function handOver({ claims, journal }: Pick<DataDirectory, 'claims' | 'journal'>, claim: Claim): number[] {
  const granted = claims.claim(claim);
  if (granted.length > 0) journal.claimed({ ...claim, validators: granted });
  return granted;
}

/** A line of the event log, told from others by its slots. */
export function line(clock: VirtualClock, from: Slot): EventLine {
  const time = clock.now();
  return { type: 'slots-skipped', time, slot: 0, from, to: from };
}

/** Journal files of a folder by name, with their lines parsed. */
export async function journalOf(folder: string): Promise<Record<string, Record<string, unknown>[]>> {
  const found: Record<string, Record<string, unknown>[]> = {};
  const files = (await readdir(folder)).filter((file) => file.startsWith('journal'));
  for (const file of files.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))) {
    const text = await readFile(join(folder, file), 'utf8');
    found[file] = text
      .split('\n')
      .slice(0, -1)
      .map((entry) => JSON.parse(entry) as Record<string, unknown>);
  }
  return found;
}

/** What a directory found, at or above a level. */
export function warnings({ findings }: Pick<DataDirectory, 'findings'>): string[] {
  return findings.filter(({ level }) => level === 'warn' || level === 'error').map(({ message }) => message);
}
