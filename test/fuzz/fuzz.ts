/** `npm run fuzz -- [--parser <name> …] [--inputs 1000000] [--seed 1] [--from 0]` */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { TARGETS } from './targets.js';
import { watchedRun } from './watched-run.js';

const THREAD = new URL('./thread.js', import.meta.url);
const DEFAULTS = { inputs: 1_000_000, seed: 1, from: 0 };

interface Options {
  readonly parsers: readonly string[];
  readonly numbers: typeof DEFAULTS;
}

function optionsFrom(args: string[]): Options {
  const text = { type: 'string' as const };
  const options = { parser: { ...text, multiple: true as const }, inputs: text, seed: text, from: text };
  const { values } = parseArgs({ args, options });
  const known = TARGETS.map(({ name }) => name);
  const parsers = values.parser ?? known;
  const unknown = parsers.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new RangeError(`--parser: no '${unknown}'; there are ${known.join(', ')}`);
  const numbers = { ...DEFAULTS };
  for (const flag of ['inputs', 'seed', 'from'] as const) {
    const value = values[flag];
    if (value === undefined) continue;
    if (!/^\d{1,9}$/.test(value)) throw new RangeError(`--${flag}: a whole number, not '${value}'`);
    numbers[flag] = Number(value);
  }
  return { parsers, numbers };
}

async function main(): Promise<number> {
  let options: Options;
  try {
    options = optionsFrom(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  }
  // What is compiled lies elsewhere: the recorded traffic is beside the repository that this is run in.
  process.env['SSV_SAMPLES'] ??= resolve('../shared/samples');
  let failed = false;
  for (const target of options.parsers) {
    const { inputs, taken, slowestMs, cpuMs, violation } = await watchedRun(THREAD, { target, ...options.numbers });
    const speed = Math.round((1000 * cpuMs) / inputs);
    const line = `${target}: ${inputs} inputs, ${taken} taken, ${speed} µs of CPU each, the slowest ${slowestMs.toFixed(1)} ms`;
    process.stdout.write(`${line}\n`);
    if (violation === undefined) continue;
    failed = true;
    process.stdout.write(`VIOLATION ${violation}\n`);
  }
  return failed ? 1 : 0;
}

process.exitCode = await main();
