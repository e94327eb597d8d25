/** `npm run chaos -- --minutes 20 --slot-ms 500 --faults 0.1 --seed 1` (Linux: it uses prlimit) */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { chaosRun } from './chaos-run.js';
import { planFaults } from './fault-plan.js';
import { holds, reportOf } from './report.js';

const DEFAULTS = { minutes: 20, 'slot-ms': 500, faults: 0.1, seed: 1 };

function optionsFrom(args: string[]): typeof DEFAULTS {
  const text = { type: 'string' as const };
  const { values } = parseArgs({ args, options: { minutes: text, 'slot-ms': text, faults: text, seed: text } });
  const options = { ...DEFAULTS };
  for (const flag of ['minutes', 'slot-ms', 'faults', 'seed'] as const) {
    const value = values[flag];
    if (value === undefined) continue;
    const isRate = flag === 'faults' || flag === 'minutes';
    if (!(isRate ? /^\d{1,6}(\.\d{1,6})?$/ : /^\d{1,9}$/).test(value) || (flag !== 'seed' && Number(value) === 0))
      throw new RangeError(`--${flag}: a ${isRate ? 'number' : 'whole number'} above 0, not '${value}'`);
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
  const { minutes, faults, seed } = options;
  const slotMs = options['slot-ms'];
  const slots = Math.round((minutes * 60_000) / slotMs);
  const out = (text: string) => process.stdout.write(`${text}\n`);
  out(`seed ${seed}: ${minutes} minutes, ${faults} faults a slot`);
  const command = resolve('dist/src/cli/main.js');
  const result = await chaosRun({
    command,
    seed,
    slotMs,
    slots,
    plan: planFaults({ seed, slots, perSlot: faults }),
    onFault: ({ kind, target, from, lasts, step }) =>
      out(
        `slot +${from.toFixed(1)}: ${kind} of ${target} for ${lasts.toFixed(1)} slots` +
          (step === 0 ? '' : ` by ${step.toFixed(2)} slots`),
      ),
  });
  out('');
  for (const line of reportOf(result, { slotMs, slots })) out(line);
  out('');
  const verdict = `${result.unexplained.length} unexplained, ${result.doubled.length} doubled, seed ${seed}`;
  out(holds(result) ? `It holds: ${verdict}` : `IT DOES NOT HOLD: ${verdict}`);
  return holds(result) ? 0 : 1;
}

process.exitCode = await main();
