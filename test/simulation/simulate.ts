/** `npm run simulate -- --epochs 10000 --seed 1 [--validators N] [--reorgs P] [--faults P] [--until-slot N] [--replay]` */
import { parseArgs } from 'node:util';
import { exitCodeOf } from '../support/program.js';
import { DEFAULT_OPTIONS, SLOTS_PER_EPOCH, type SimulationOptions } from './options.js';
import { differenceText, replayText } from '../support/recorded-run.js';
import { progressOn } from './progress.js';
import { simulate } from './simulation.js';
import { summaryOf } from './tally.js';

const FLAGS = ['epochs', 'seed', 'validators', 'reorgs', 'faults', 'until-slot'] as const;

function optionsFrom(args: readonly string[]): SimulationOptions & { readonly replay: boolean } {
  const config = Object.fromEntries(FLAGS.map((flag) => [flag, { type: 'string' as const }]));
  const replayFlag = { replay: { type: 'boolean' as const } };
  const { values }: { values: Partial<Record<string, string | boolean>> } = parseArgs({
    args: [...args],
    options: { ...config, ...replayFlag },
  });
  const numberOf = (flag: (typeof FLAGS)[number]): number | undefined => {
    const text = values[flag];
    if (typeof text !== 'string') return undefined;
    const value = Number(text);
    const isShare = flag === 'reorgs' || flag === 'faults';
    const lowest = flag === 'epochs' || flag === 'validators' ? 1 : 0;
    const fits = isShare ? value >= 0 && value <= 1 : Number.isSafeInteger(value) && value >= lowest;
    if (text === '' || !fits)
      throw new RangeError(`--${flag}: ${isShare ? 'a share from 0 to 1' : 'a whole number'}, not '${text}'`);
    return value;
  };
  const untilSlot = numberOf('until-slot');
  return {
    replay: values['replay'] === true,
    epochs: numberOf('epochs') ?? DEFAULT_OPTIONS.epochs,
    seed: numberOf('seed') ?? DEFAULT_OPTIONS.seed,
    validators: numberOf('validators') ?? DEFAULT_OPTIONS.validators,
    reorgs: numberOf('reorgs') ?? DEFAULT_OPTIONS.reorgs,
    faults: numberOf('faults') ?? DEFAULT_OPTIONS.faults,
    ...(untilSlot !== undefined && { untilSlot }),
  };
}

async function main(options: ReturnType<typeof optionsFrom>): Promise<number> {
  const progress = progressOn(process.stdout, options.epochs);
  const replayed = replayTally();
  const result = await simulate(options, {
    onEpoch: (epoch) => progress.at(epoch),
    ...(options.replay && { onRecorded: replayed.take }),
  });
  progress.end();
  const { violation, events, replay, slots, seconds } = result;
  const out = (text: string) => process.stdout.write(`${text}\n`);
  if (violation !== undefined) {
    for (const event of events) out(event);
    out('');
    out(`VIOLATION of ${violation.check} in slot ${violation.slot}, seed ${options.seed}: ${violation.what}`);
    out(`again: ${replay}`);
    out('');
  }
  for (const line of summaryOf(result, Math.floor(slots / SLOTS_PER_EPOCH), seconds)) out(line);
  if (options.replay) out(replayed.summary());
  return violation === undefined && replayed.difference() === undefined ? 0 : 1;
}

/** Replays each life, up to the first that decides otherwise. */
function replayTally() {
  let lives = 0;
  let bytes = 0;
  let decisions = 0;
  let difference: string | undefined;
  return {
    take(segments: readonly string[]) {
      const journal = segments.join('');
      bytes += journal.length;
      if (difference !== undefined) return;
      const result = replayText(journal);
      lives += result.starts;
      decisions += result.decisions;
      difference = differenceText(result);
    },
    difference: () => difference,
    summary: () =>
      difference ?? `replayed: ${lives} lives, ${decisions} decisions, all equal; ${bytes} bytes of journal`,
  };
}

process.exitCode = await exitCodeOf(optionsFrom, main);
