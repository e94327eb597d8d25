/** `npm run fuzz -- [--parser <name> …] [--inputs 1000000] [--seed 1] [--from 0]` */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { exitCodeOf, numbersFrom, WHOLE } from '../support/program.js';
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
  return { parsers, numbers: numbersFrom(DEFAULTS, values, () => WHOLE) };
}

async function main(options: Options): Promise<number> {
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

process.exitCode = await exitCodeOf(optionsFrom, main);
