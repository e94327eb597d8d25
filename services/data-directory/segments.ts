import { readdir } from 'node:fs/promises';
import type { ChainSpec, Slot } from '../../machines/rules/chain-time.js';

/** A segment is followed by the next after so many epochs, or slots where epochs are short. */
const SEGMENT_EPOCHS = 2;
const SHORTEST_SEGMENT_SLOTS = 8;

/** Slots after which a segment is followed by the next. */
export function segmentSlots({ slotsPerEpoch }: Pick<ChainSpec, 'slotsPerEpoch'>): number {
  return Math.max(SHORTEST_SEGMENT_SLOTS, SEGMENT_EPOCHS * slotsPerEpoch);
}

/**
 * Name of a segment of the journal: `journal-<first slot>.jsonl`, with a number where several begin in one slot, and
 * `.incomplete` where a write failed, so that claims made after it may be missing.
 */
export interface SegmentName {
  readonly slot: Slot;
  readonly number: number;
  readonly incomplete: boolean;
}

/** A segment and the slots by the clock in which it was written. */
export interface Segment {
  readonly name: SegmentName;
  readonly firstSlot: Slot;
  readonly lastSlot: Slot;
}

/** Ending of a segment that is being begun; a process that died meanwhile leaves it behind, with nothing of worth. */
export const OPENING_SUFFIX = '.opening';

const FILE_NAME = /^journal-(\d{1,15})(?:\.(\d{1,9}))?(\.incomplete)?\.jsonl$/;

/** File name of a segment. */
export function segmentFile({ slot, number, incomplete }: SegmentName): string {
  return `journal-${slot}${number === 0 ? '' : `.${number}`}${incomplete ? '.incomplete' : ''}.jsonl`;
}

/** The segment that a file name stands for; undefined for any other file. */
export function parseSegmentFile(file: string): SegmentName | undefined {
  const match = FILE_NAME.exec(file);
  if (match === null) return undefined;
  const name = { slot: Number(match[1]), number: Number(match[2] ?? 0), incomplete: match[3] !== undefined };
  return segmentFile(name) === file ? name : undefined;
}

/** Segments of a folder in the order of their writing, and what a start that was cut short left behind. */
export async function listSegments(folder: string): Promise<{ names: SegmentName[]; leftBehind: string[] }> {
  const files = await readdir(folder);
  const names = files.map(parseSegmentFile).filter((name) => name !== undefined);
  names.sort((a, b) => a.slot - b.slot || a.number - b.number);
  const leftBehind = files.filter(
    (file) => file.endsWith(OPENING_SUFFIX) && parseSegmentFile(file.slice(0, -OPENING_SUFFIX.length)) !== undefined,
  );
  return { names, leftBehind };
}

/** Name for a segment that begins now. Never before the newest one, also when the clock was set back. */
export function nextName(newest: SegmentName | undefined, slot: Slot): SegmentName {
  const first = Math.max(0, slot);
  if (newest === undefined || newest.slot < first) return { slot: first, number: 0, incomplete: false };
  return { slot: newest.slot, number: newest.number + 1, incomplete: false };
}

/**
 * Segments that may go: over before `keepFrom`, while newer ones cover `keepSlots` slots by themselves (after a long
 * stop, everything is old, and still worth reading).
 */
export function outlived(segments: readonly Segment[], keepFrom: Slot, keepSlots: number): Segment[] {
  const gone: Segment[] = [];
  let covered = 0;
  for (const segment of segments.toReversed()) {
    if (segment.lastSlot < keepFrom && covered >= keepSlots) gone.push(segment);
    covered += Math.max(1, segment.lastSlot - segment.firstSlot + 1);
  }
  return gone;
}
