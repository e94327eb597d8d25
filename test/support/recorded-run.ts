import { Replay, type ReplayOptions, type ReplayResult } from '../../services/recording/replay.js';
import { TurnReader } from '../../services/recording/turns.js';

/** Replays lines of a journal that a test holds in memory. */
export function replayText(text: string, options: ReplayOptions = {}): ReplayResult {
  const reader = new TurnReader();
  const replay = new Replay(options);
  for (const [i, line] of text.trimEnd().split('\n').entries()) {
    for (const part of reader.read(line, { file: 'journal', line: i + 1 })) replay.take(part);
  }
  for (const part of reader.end()) replay.take(part);
  return replay.result();
}

/** A difference in a few words, for a failing test. */
export function differenceText({ difference }: ReplayResult): string | undefined {
  if (difference === undefined) return undefined;
  const { turn, recorded, replayed, unexpected, inputs } = difference;
  const before = inputs.map(({ input, slot }) => `${slot} ${JSON.stringify(input).slice(0, 120)}`);
  const line = (decision: unknown) => JSON.stringify(decision)?.slice(0, 400);
  return [...before, `slot ${turn.slot}, ${unexpected ?? ''}`, line(recorded), line(replayed)].join('\n');
}
