/** `npm run soak -- --minutes 60 --warm-up 10 --every 10 --slot-ms 500 --out soak.csv` (Linux: it looks into /proc) */
import { closeSync, openSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { exitCodeOf, numbersFrom, type NumberForm } from '../support/program.js';
import { soakRun, type Sample } from './soak-run.js';
import { LEAST_READINGS, trendOf, verdictOn } from './trend.js';

const DEFAULTS = { minutes: 60, 'warm-up': 10, every: 10, 'slot-ms': 500 };
const MB = 2 ** 20;

/** What is looked at; `mostPerDay`: what it may add in a day and still be called flat. */
const COLUMNS: readonly { name: keyof Sample; unit: number; mostPerDay?: number }[] = [
  { name: 'heap', unit: MB, mostPerDay: 10 },
  { name: 'code', unit: MB, mostPerDay: 10 },
  { name: 'external', unit: MB, mostPerDay: 10 },
  { name: 'rss', unit: MB, mostPerDay: 100 },
  { name: 'handles', unit: 1, mostPerDay: 2 },
  { name: 'files', unit: 1, mostPerDay: 2 },
  { name: 'sockets', unit: 1, mostPerDay: 2 },
  { name: 'actors', unit: 1, mostPerDay: 2 },
  { name: 'chainRss', unit: MB, mostPerDay: 100 },
  { name: 'executed', unit: 1 },
  { name: 'missed', unit: 1 },
];

const FROM_ONE: NumberForm = { pattern: /^[1-9]\d{0,5}$/, words: 'a whole number from 1' };

function optionsFrom(args: string[]): typeof DEFAULTS & { out: string; command: string } {
  const text = { type: 'string' as const };
  const { values } = parseArgs({
    args,
    options: { minutes: text, 'warm-up': text, every: text, 'slot-ms': text, out: text, command: text },
  });
  const numbers = numbersFrom(DEFAULTS, values, () => FROM_ONE);
  const options = { ...numbers, out: values.out ?? 'soak.csv', command: values.command ?? 'dist/src/cli/main.js' };
  const samples = ((options.minutes - options['warm-up']) * 60) / options.every;
  if (samples <= LEAST_READINGS)
    throw new RangeError(`--minutes: after the warm-up, ${LEAST_READINGS + 1} samples are needed at least`);
  return options;
}

async function main(options: ReturnType<typeof optionsFrom>): Promise<number> {
  const say = (text: string) => process.stdout.write(`${text}\n`);
  const samples: Sample[] = [];
  const file = openSync(options.out, 'w');
  writeSync(file, `seconds,${COLUMNS.map(({ name }) => name).join()}\n`);
  const { exitCode } = await soakRun({
    command: resolve(options.command),
    slotMs: options['slot-ms'],
    everyMs: options.every * 1000,
    forMs: options.minutes * 60_000,
    onSample(sample) {
      samples.push(sample);
      const seconds = ((sample.time - samples[0]!.time) / 1000).toFixed(0);
      writeSync(file, `${[seconds, ...COLUMNS.map(({ name, unit }) => round(sample[name] / unit))].join()}\n`);
    },
  });
  closeSync(file);
  const beginning = samples[0]!.time + options['warm-up'] * 60_000;
  const warm = samples.filter(({ time }) => time >= beginning);
  const last = samples.at(-1)!;
  say(`${options.minutes} minutes of ${options['slot-ms']} ms slots, ${warm.length} samples after the warm-up`);
  say(`${last.executed} duties executed, ${last.missed} not; exit code ${exitCode}`);
  let grows = false;
  for (const { name, unit, mostPerDay } of COLUMNS) {
    if (mostPerDay === undefined) continue;
    const trend = trendOf(warm.map((sample) => ({ hours: sample.time / 3_600_000, value: sample[name] / unit })));
    const verdict = verdictOn(trend, mostPerDay);
    grows ||= verdict === 'grows';
    const range = `mean ${round(trend.mean)} (${round(trend.lowest)} to ${round(trend.highest)})`;
    const day = `a day adds ${round(trend.perDay)} ± ${round(trend.perDayError)}`;
    say(`${name}${unit === MB ? ' MB' : ''}: ${range}; ${day}: ${verdict} (at most ${mostPerDay})`);
  }
  return grows || exitCode !== 0 ? 1 : 0;
}

function round(value: number): number {
  return Number(value.toFixed(3));
}

process.exitCode = await exitCodeOf(optionsFrom, main);
