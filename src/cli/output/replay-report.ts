/** What a replay found, for people and for programs. */
import type { Difference, ReplayResult } from '../../../services/recording/replay.js';
import { placeName, type DecisionLine, type RecordedTurn } from '../../../services/recording/turns.js';

const LONGEST_INPUT = 160;

/** Lines of text. */
export function replayText(result: ReplayResult): string[] {
  const { difference, gaps } = result;
  const notes = gaps.map((gap) => `not replayed: ${gap}`);
  return difference === undefined ? [`equal: ${extent(result)}`, ...notes] : [...differenceText(difference), ...notes];
}

/** One object, with `equal` first. */
export function replayObject(result: ReplayResult): object {
  const { difference, starts, turns, decisions, slots, gaps } = result;
  const found = difference === undefined ? {} : { difference: differenceObject(difference) };
  return { equal: difference === undefined, slots, starts, inputs: turns, decisions, gaps, ...found };
}

function extent({ decisions, turns, starts, slots }: ReplayResult): string {
  const where = slots === undefined ? '' : ` in slots ${slots.first}…${slots.last}`;
  const from =
    starts === 0 ? 'from the state of a segment' : `${starts} start${starts === 1 ? '' : 's'} of the process`;
  return `${decisions} decisions on ${turns} inputs${where}, ${from}`;
}

function differenceText({ turn, recorded, replayed, unexpected, inputs }: Difference): string[] {
  return [
    `different in slot ${turn.slot} (${placeName(turn.place)})`,
    ...(unexpected === undefined
      ? [`  recorded: ${decisionText(recorded)}`, `  replayed: ${decisionText(replayed)}`]
      : [`  the machines have no use for the input: ${unexpected}`]),
    'the last inputs, this one at the end:',
    ...inputs.map((input) => `  slot ${input.slot}: ${inputText(input)}`),
  ];
}

function differenceObject({ turn, recorded, replayed, unexpected, inputs }: Difference): object {
  return {
    slot: turn.slot,
    place: turn.place,
    recorded: recorded ?? null,
    replayed: replayed ?? null,
    unexpected: unexpected ?? null,
    inputs: inputs.map((input) => ({ slot: input.slot, time: input.time, input: inputText(input) })),
  };
}

function decisionText(line: DecisionLine | undefined): string {
  return line === undefined ? 'nothing more' : JSON.stringify(line);
}

/** What came in, in a few words. */
function inputText({ input }: RecordedTurn): string {
  switch (input.of) {
    case 'answer': {
      const { what, ...rest } = input.question;
      const about = Object.entries(rest).map(([name, value]) => `${name} ${value}`);
      const end = 'error' in input.outcome ? `failed: ${String(input.outcome.error)}` : 'answered';
      return short(`${[what, ...about].join(', ')}: ${end}`);
    }
    case 'timer':
      return `timer ${input.n}`;
    case 'start':
    case 'lost':
      return input.of;
    case 'stop':
      return `stop: ${input.reason}`;
    case 'ticks':
    case 'stream':
    case 'source':
    case 'send':
      return short(JSON.stringify(input.event));
  }
}

function short(text: string): string {
  return text.length <= LONGEST_INPUT ? text : `${text.slice(0, LONGEST_INPUT - 1)}…`;
}
