/** A journal that is no longer what was written, in the commands that read one: `replay` and `explain`. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandHost } from '../../../src/cli/command-host.js';
import { explainCommand } from '../../../src/cli/explain-command.js';
import { Failed } from '../../../src/cli/failed.js';
import { replayCommand } from '../../../src/cli/replay-command.js';
import { UsageError } from '../../../src/cli/usage-error.js';
import { mustHold, type Feed, type FuzzTarget } from '../fuzz-target.js';
import type { SeededRandom } from '../seeded-random.js';
import { shortJournal } from './short-journal.js';

const FILE = 'journal-0.jsonl';
/** In characters, so that a journal fits into an input, bent as it is. */
const LONGEST_SAMPLE = 30_000;
/** Slots to ask for: each sample has one of them. */
const SLOTS = [3, 17];
/** What a journal as a whole may lack; everything else names its line. */
const OF_THE_WHOLE = /journal-0\.jsonl has no inputs that can be replayed|the recording does not go on behind slot/;
const OF_A_LINE = /journal-0\.jsonl, line \d+/;

/** A run from its start, and one that goes on from the state at the beginning of a segment. */
async function samples(): Promise<string[]> {
  const [fromStart] = await shortJournal({ validatorCount: 2, removedIn: 2, lastSlot: 4, journalEpochs: 100 });
  const kept = await shortJournal({ validatorCount: 2, removedIn: 17, lastSlot: 27, journalEpochs: 2 });
  return [fromStart!, kept.at(-1)!].map((text) => text.slice(0, text.lastIndexOf('\n', LONGEST_SAMPLE) + 1));
}

/** One of the ways in which a journal is read. */
function command(path: string, random: SeededRandom): (host: CommandHost) => Promise<void> {
  const journal = join(path, FILE);
  const json = random.once(2);
  const slot = random.pick(SLOTS);
  if (random.once(3)) return (host) => explainCommand(host, { slot, validator: 1, dataDir: path, json });
  const until = random.once(2) ? slot : undefined;
  return (host) => replayCommand(host, { journal, until, whatIf: undefined, json });
}

export const JOURNAL_REPLAY: FuzzTarget = {
  name: 'journal-replay',
  samples,
  open() {
    const path = mkdtempSync(join(tmpdir(), 'fuzz-replay-'));
    const feed: Feed = async (input, random) => {
      writeFileSync(join(path, FILE), input);
      let written = '';
      const stdout = { write: (text: string) => void (written += text) };
      const host = { stdout, flush: () => Promise.resolve() } as unknown as CommandHost;
      try {
        await command(path, random)(host);
      } catch (error) {
        if (error instanceof UsageError) {
          mustHold(OF_A_LINE.test(error.message) || OF_THE_WHOLE.test(error.message), () => error.message);
          return undefined;
        }
        // A decision that is not the same: that is an answer too.
        if (!(error instanceof Failed)) throw error;
      }
      mustHold(written !== '', () => 'nothing is said');
      // An empty journal explains that it is empty.
      return 0;
    };
    return Promise.resolve({ feed, close: () => Promise.resolve(rmSync(path, { recursive: true, force: true })) });
  },
};
