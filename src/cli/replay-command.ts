import type { Slot } from '../../machines/rules/chain-time.js';
import { messageOf } from '../../machines/rules/message-of.js';
import { readJournalParts } from '../../services/recording/journal-files.js';
import { Replay, type ReplayResult } from '../../services/recording/replay.js';
import { placeName, UnreadableJournal, type JournalPart } from '../../services/recording/turns.js';
import type { Supposition } from '../../services/recording/what-if/supposition.js';
import { whatIf } from '../../services/recording/what-if/what-if.js';
import { snapshotOf, type SchedulerSnapshot } from '../scheduler-snapshot.js';
import type { CommandHost } from './command-host.js';
import { Failed } from './failed.js';
import { replayObject, replayText } from './output/replay-report.js';
import { stateText } from './output/state-report.js';
import { whatIfText } from './output/what-if-report.js';
import { UsageError } from './usage-error.js';

/** The flags of `replay`, read. */
export interface ReplaySettings {
  /** A data directory, or one segment of its journal. */
  readonly journal: string;
  /** Stops at the end of this slot, and shows the state. */
  readonly until: Slot | undefined;
  /** Tells what would have happened instead. */
  readonly whatIf: Supposition | undefined;
  readonly json: boolean;
}

/**
 * Runs a journal through the machines again and says whether they decide the same. Throws a {@link UsageError} for what
 * is no journal, and {@link Failed} where a decision differs.
 */
export async function replayCommand(host: CommandHost, settings: ReplaySettings): Promise<void> {
  const { until, whatIf: supposition, json } = settings;
  if (supposition !== undefined) {
    const supposed = await refusing(async () => whatIf(await partsOf(settings.journal), supposition));
    host.stdout.write(`${json ? JSON.stringify(supposed) : whatIfText(supposed).join('\n')}\n`);
    return host.flush();
  }
  const result = await replayed(settings);
  const state = until === undefined ? undefined : stateOf(result);
  const report = json
    ? JSON.stringify({ ...replayObject(result), ...(state && { state }) })
    : [...replayText(result), ...(state ? stateText(state) : [])].join('\n');
  host.stdout.write(`${report}\n`);
  await host.flush();
  if (result.difference !== undefined) throw new Failed('the replay differs');
}

/** The machines as they are after the last turn. Throws a {@link UsageError} where the journal made them what they cannot be. */
function stateOf({ scheduler, place }: ReplayResult): SchedulerSnapshot | undefined {
  if (scheduler?.actor === undefined) return undefined;
  try {
    return snapshotOf(scheduler.actor);
  } catch (error) {
    const where = place === undefined ? 'the journal' : placeName(place);
    throw new UsageError(`replay: ${where} leads to no state of the machines: ${messageOf(error)}`);
  }
}

async function replayed({ journal, until }: ReplaySettings): Promise<ReplayResult> {
  const replay = new Replay(until === undefined ? {} : { until });
  await refusing(async () => {
    for await (const part of readJournalParts(journal)) {
      replay.take(part);
      if (replay.isOver) break;
    }
  });
  const result = replay.result();
  if (result.turns > 0) return result;
  const where = until === undefined ? '' : ` up to slot ${until}`;
  throw new UsageError(`replay: ${journal} has no inputs that can be replayed${where}`);
}

async function partsOf(journal: string): Promise<JournalPart[]> {
  const parts: JournalPart[] = [];
  for await (const part of readJournalParts(journal)) parts.push(part);
  return parts;
}

async function refusing<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof UnreadableJournal) throw new UsageError(`replay: ${error.message}`);
    throw error;
  }
}
