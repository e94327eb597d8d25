/** Samples of what a parser should get: recorded ones where they are at hand, and always some of the tests' own. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordedAnswers, recordedStream, samplesFolder } from '../../support/samples.js';

/** Longer ones cost time and show nothing more. */
const LONGEST_SAMPLE = 1500;
const MOST_ROWS = 2;
const CHAINS = ['mainnet-deneb', 'minimal-electra', 'minimal-syncing-503'];

/** Recorded bodies whose name begins so; of lists, the first rows. */
export function recordedBodies(name: string): string[] {
  const folder = samplesFolder();
  if (folder === undefined) return [];
  return CHAINS.flatMap((chain) => recordedAnswers(join(folder, chain)))
    .filter((answer) => answer.name.startsWith(name) && answer.body.length > 0)
    .map(({ body }) => shortened(body.toString()))
    .filter((text) => text.length <= LONGEST_SAMPLE);
}

function shortened(text: string): string {
  const body = JSON.parse(text) as { data?: unknown };
  return JSON.stringify(Array.isArray(body.data) ? { ...body, data: body.data.slice(0, MOST_ROWS) } : body);
}

/** The first events of the recorded streams. */
export function recordedEvents(): string[] {
  const folder = samplesFolder();
  const files = [
    'minimal-electra/sse-all.raw.txt',
    'reorg/sse-b.txt',
    'mainnet-deneb/sse-head-block-reorg-finalized.timestamped.txt',
  ];
  if (folder === undefined) return [];
  return files
    .map((file) => join(folder, file))
    .filter((file) => existsSync(file))
    .map((file) => recordedStream(file).slice(0, LONGEST_SAMPLE));
}

/** Recorded logs of the contract, each as the answer of a node. */
export function recordedLogs(): string[] {
  const folder = samplesFolder();
  if (folder === undefined) return [];
  const logs = JSON.parse(readFileSync(join(folder, 'el/raw-logs.json'), 'utf8')) as unknown[];
  return logs.map((log) => JSON.stringify([log])).filter((text) => text.length <= LONGEST_SAMPLE);
}
