import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listSegments, segmentFile } from '../../../services/data-directory/segments.js';
import { createRig } from '../../support/rig.js';

/** Of which run. */
export interface ShortRun {
  readonly validatorCount: number;
  /** A validator is removed in this slot. */
  readonly removedIn: number;
  readonly lastSlot: number;
  readonly journalEpochs: number;
}

/** The journal of a short run with re-orgs: the text of each segment that is kept, oldest first. */
export async function shortJournal({
  validatorCount,
  removedIn,
  lastSlot,
  journalEpochs,
}: ShortRun): Promise<string[]> {
  const path = mkdtempSync(join(tmpdir(), 'fuzz-journal-'));
  try {
    const rig = createRig({
      scheduler: { dataDir: path, journalEpochs },
      devnet: { validatorCount, scenario: { reorgEveryEpochs: 2, missedShare: 0, lateShare: 0 } },
    });
    await rig.start();
    await rig.runTo(removedIn);
    rig.scheduler.send({ type: 'VALIDATOR_REMOVED', ids: [String(validatorCount - 1)] });
    await rig.runTo(lastSlot);
    await rig.stop();
    const { names } = await listSegments(path);
    return names.map((name) => readFileSync(join(path, segmentFile(name)), 'utf8'));
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}
