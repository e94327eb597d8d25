/** `npm run chaos -- --minutes 20 --slot-ms 500 --faults 0.1 --seed 1` (Linux: it uses prlimit) */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { exitCodeOf, numbersFrom, WHOLE, type NumberForm } from '../support/program.js';
import { chaosRun } from './chaos-run.js';
import { planFaults } from './fault-plan.js';
import { holds, reportOf } from './report.js';

const DEFAULTS = { minutes: 20, 'slot-ms': 500, faults: 0.1, seed: 1 };

const SEED: NumberForm = { pattern: WHOLE.pattern, words: 'a whole number above 0' };
const COUNT: NumberForm = { pattern: /^(?!0+$)\d{1,9}$/, words: 'a whole number above 0' };
const RATE: NumberForm = { pattern: /^(?!0+(?:\.0+)?$)\d{1,6}(?:\.\d{1,6})?$/, words: 'a number above 0' };

function isRate(flag: keyof typeof DEFAULTS): boolean {
  return flag === 'faults' || flag === 'minutes';
}

function optionsFrom(args: string[]): typeof DEFAULTS {
  const text = { type: 'string' as const };
  const { values } = parseArgs({ args, options: { minutes: text, 'slot-ms': text, faults: text, seed: text } });
  return numbersFrom(DEFAULTS, values, (flag) => (flag === 'seed' ? SEED : isRate(flag) ? RATE : COUNT));
}

async function main(options: typeof DEFAULTS): Promise<number> {
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

process.exitCode = await exitCodeOf(optionsFrom, main);
