/** What a data directory holds, as it may be found after a damage. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChainSpec } from '../../../machines/rules/chain-time.js';
import { ConfigurationError } from '../../../services/chain-loader.js';
import { parseIdentity } from '../../../services/data-directory/chain-identity.js';
import { decodeLine } from '../../../services/data-directory/journal-lines.js';
import { readJournal } from '../../../services/data-directory/journal-reader.js';
import { explainFromJournal } from '../../../services/explain/explain-journal.js';
import { TurnReader, UnreadableJournal } from '../../../services/recording/turns.js';
import { mustHold, unlessRefused, type Feed, type FuzzTarget } from '../fuzz-target.js';
import { shortJournal } from './short-journal.js';

const LONGEST_LINE = 1500;
const MOST_SAMPLES = 400;
/** One segment of so many is also explained, which takes ten times as long as reading its claims. */
const EXPLAINED = 20;

/** Lines of the journal of a short run, those of each kind. */
async function journalLines(): Promise<string[]> {
  const segments = await shortJournal({ validatorCount: 6, removedIn: 20, lastSlot: 24, journalEpochs: 100 });
  const lines = segments.flatMap((text) => text.trimEnd().split('\n'));
  const short = lines.filter((line) => line.length <= LONGEST_LINE);
  return short.filter((_, i) => i % Math.ceil(short.length / MOST_SAMPLES) === 0 || i < 20);
}

let lines: Promise<string[]> | undefined;
const sampleLines = () => (lines ??= journalLines());

/** The samples with an opening line before each: a file of a journal, cut short. */
async function sampleSegments(): Promise<string[]> {
  const [opened = '', ...rest] = await sampleLines();
  return rest.map((line, i) => `${opened}\n${line}\n${rest[(i + 1) % rest.length]}\n`);
}

/** One line: as the journal's own, as an input of the machines. */
export const JOURNAL_LINES: FuzzTarget = {
  name: 'journal-lines',
  samples: sampleLines,
  open() {
    const feed = (input: Buffer) => {
      const text = input.toString();
      const entry = decodeLine(text);
      if (entry === undefined) return undefined;
      mustHold(Number.isFinite(entry.time) && Number.isSafeInteger(entry.slot), () => `${entry.time}, ${entry.slot}`);
      if ('claim' in entry) {
        const { epoch, validators } = entry.claim;
        mustHold([epoch, ...validators].every(Number.isSafeInteger), () => JSON.stringify(entry.claim));
      }
      const reader = new TurnReader();
      const parts = unlessRefused([UnreadableJournal], () => [
        ...reader.read(text, { file: 'journal-0.jsonl', line: 1 }),
        ...reader.end(),
      ]);
      return parts?.length;
    };
    return Promise.resolve({ feed });
  },
};

/** A whole segment, read for its claims as a start does, and for an explanation. */
export const JOURNAL_SEGMENTS: FuzzTarget = {
  name: 'journal-segments',
  samples: sampleSegments,
  async open() {
    const path = mkdtempSync(join(tmpdir(), 'fuzz-segment-'));
    const file = join(path, 'journal-0.jsonl');
    const [opened] = await sampleLines();
    const entry = decodeLine(opened!);
    if (entry?.type !== 'journal-opened') throw new TypeError('the first line of a journal does not open it');
    // Of the chain, the reader wants no more than its identity.
    const chain = entry.chain as ChainSpec;
    const names = [{ slot: 0, number: 0, incomplete: false }];
    const feed: Feed = async (input, random) => {
      writeFileSync(file, input);
      try {
        if (random.once(EXPLAINED)) await explainFromJournal(path, { slot: 12, validator: 3 });
        const { lines, recordFromSlot } = await readJournal(path, names, chain);
        mustHold(recordFromSlot !== undefined, () => 'a journal that is not there');
        return lines;
      } catch (error) {
        if (error instanceof ConfigurationError) return undefined;
        throw error;
      }
    };
    return { feed, close: () => Promise.resolve(rmSync(path, { recursive: true, force: true })) };
  },
};

/** Whose a data directory is. */
export const CHAIN_IDENTITY: FuzzTarget = {
  name: 'chain-identity',
  samples: async () => {
    const [opened = ''] = await sampleLines();
    return [JSON.stringify((JSON.parse(opened) as { chain: unknown }).chain)];
  },
  open() {
    const feed = (input: Buffer) => {
      let value: unknown;
      try {
        value = JSON.parse(input.toString());
      } catch {
        return undefined;
      }
      return parseIdentity(value) === undefined ? undefined : 1;
    };
    return Promise.resolve({ feed });
  },
};
