/** `npm run kill-test -- --kills 1000 --slot-ms 300 --seed 1` */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { RandomStream } from '../../src/devnet/deterministic-random.js';
import { killRun } from './kill-run.js';

const DEFAULTS = { kills: 1000, 'slot-ms': 300, seed: 1 };
const SHOWN = 20;
/** Longest life: long enough for duties of an epoch, and at times for less than the start. */
const LONGEST_LIFE_SLOTS = 12;

function optionsFrom(args: string[]): typeof DEFAULTS {
  const text = { type: 'string' as const };
  const { values } = parseArgs({ args, options: { kills: text, 'slot-ms': text, seed: text } });
  const options = { ...DEFAULTS };
  for (const flag of ['kills', 'slot-ms', 'seed'] as const) {
    const value = values[flag];
    if (value === undefined) continue;
    if (!/^\d{1,9}$/.test(value)) throw new RangeError(`--${flag}: a whole number, not '${value}'`);
    options[flag] = Number(value);
  }
  return options;
}

async function main(): Promise<number> {
  let options: typeof DEFAULTS;
  try {
    options = optionsFrom(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  }
  const out = (text: string) => process.stdout.write(`${text}\n`);
  const stream = new RandomStream('kill-test', options.seed);
  const { account, exitCode } = await killRun({
    command: resolve('dist/src/cli/main.js'),
    kills: options.kills,
    slotMs: options['slot-ms'],
    longestLifeMs: LONGEST_LIFE_SLOTS * options['slot-ms'],
    random: () => stream.fraction(),
    onKill: (kills, { summary }) => {
      if (kills % 20 === 0) out(`${kills} kills: ${summary}`);
    },
  });
  out(`${options.kills} kills: ${account.summary}; exit code ${exitCode}`);
  for (const what of account.doubled.slice(0, SHOWN)) out(`DOUBLED ${what}`);
  for (const what of account.lost.slice(0, SHOWN)) out(`LOST ${what}`);
  return account.doubled.length + account.lost.length === 0 && exitCode === 0 ? 0 : 1;
}

process.exitCode = await main();
