/** `npm run kill-test -- --kills 1000 --slot-ms 300 --seed 1` */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { RandomStream } from '../../src/devnet/deterministic-random.js';
import { ANVIL, ANVIL_MISSING } from '../support/anvil.js';
import { exitCodeOf, numbersFrom, WHOLE } from '../support/program.js';
import { killRun, type KillRunResult } from './kill-run.js';

const DEFAULTS = { kills: 1000, 'slot-ms': 300, seed: 1 };
const SHOWN = 40;
const SAID_EVERY = 20;
/** Of a chain of 8 slots an epoch. */
const LONGEST_LIFE_SLOTS = 8;

function optionsFrom(args: string[]): typeof DEFAULTS {
  const text = { type: 'string' as const };
  const { values } = parseArgs({ args, options: { kills: text, 'slot-ms': text, seed: text } });
  return numbersFrom(DEFAULTS, values, () => WHOLE);
}

async function main(options: typeof DEFAULTS): Promise<number> {
  const out = (text: string) => process.stdout.write(`${text}\n`);
  if (ANVIL === undefined) out(`the registry is not looked at: ${ANVIL_MISSING}`);
  const stream = new RandomStream('kill-test', options.seed);
  const result = await killRun({
    command: resolve('dist/src/cli/main.js'),
    kills: options.kills,
    slotMs: options['slot-ms'],
    longestLifeSlots: LONGEST_LIFE_SLOTS,
    random: () => stream.fraction(),
    withContract: ANVIL !== undefined,
    onKill: (kills, soFar) => {
      if (kills % SAID_EVERY === 0) out(`${kills} kills: ${summaryOf(soFar)}`);
    },
  });
  const { account, registry, endedByThemselves, exitCode } = result;
  out(`${options.kills} kills: ${summaryOf(result)}; exit code ${exitCode}`);
  const defects = [
    ...account.doubled.map((what) => `DOUBLED ${what}`),
    ...account.lost.map((what) => `LOST ${what}`),
    ...(registry?.defects ?? []).map((what) => `REGISTRY ${what}`),
    ...endedByThemselves.map((what) => `ENDED ${what}`),
  ];
  for (const defect of defects.slice(0, SHOWN)) out(defect);
  return defects.length === 0 && exitCode === 0 ? 0 : 1;
}

function summaryOf({ account, registry, endedByThemselves }: KillRunResult): string {
  const ended = `${endedByThemselves.length} ended by themselves`;
  return [account.summary, registry?.summary, ended].filter((part) => part !== undefined).join('; ');
}

process.exitCode = await exitCodeOf(optionsFrom, main);
