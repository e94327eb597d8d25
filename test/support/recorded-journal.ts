import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createRig } from './rig.js';

/** An empty data directory for one test. */
export function recordedDataDir(): string {
  const dataDir = mkdtempSync(join(tmpdir(), 'recorded-run-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  return dataDir;
}

/** A data directory with the journal of a run with re-orgs, in which a validator leaves and comes back: slots −1 … 40. */
export async function recordedRun(journalEpochs = 100): Promise<string> {
  const dataDir = recordedDataDir();
  const rig = createRig({
    scheduler: { dataDir, journalEpochs },
    devnet: { scenario: { reorgEveryEpochs: 2, missedShare: 0, lateShare: 0 } },
  });
  await rig.start();
  await rig.runTo(20);
  rig.scheduler.send({ type: 'VALIDATOR_REMOVED', ids: ['3'] });
  await rig.runTo(24, 8000);
  rig.scheduler.send({ type: 'VALIDATOR_ADDED', validators: [{ id: '3' }] });
  await rig.runTo(40);
  await rig.stop();
  return dataDir;
}

/** Files of the journal in a data directory, oldest first. */
export function segmentsIn(dataDir: string): string[] {
  const slotOf = (file: string) => Number(/\d+/.exec(file)![0]);
  const files = readdirSync(dataDir).filter((file) => file.endsWith('.jsonl'));
  return files.sort((a, b) => slotOf(a) - slotOf(b)).map((file) => join(dataDir, file));
}

/** All lines of the journal in a data directory. */
export function journalText(dataDir: string): string {
  return segmentsIn(dataDir)
    .map((file) => readFileSync(file, 'utf8'))
    .join('');
}
