/** What happened in a run, counted. */
import type { Demand } from './checks/canonical.js';
import type { QuietEpochs } from './checks/requests.js';
import type { Observer, World } from './world.js';

export interface Tally {
  readonly byTrigger: Map<string, number>;
  readonly skipped: Map<string, number>;
  readonly lines: Map<string, number>;
  requests: number;
  reorgs: number;
  lives: number;
}

export function emptyTally(): Tally {
  return { byTrigger: new Map(), skipped: new Map(), lines: new Map(), requests: 0, reorgs: 0, lives: 1 };
}

function count(counts: Map<string, number>, name: string, by = 1): void {
  counts.set(name, (counts.get(name) ?? 0) + by);
}

export function tallying(world: World, tally: Tally): Observer {
  world.chain.on('chain_reorg', () => tally.reorgs++);
  return {
    handedOver: ({ trigger }) => count(tally.byTrigger, trigger),
    requested: () => tally.requests++,
    lifeEnded: () => tally.lives++,
    line(line) {
      count(tally.lines, line.type);
      if (line.type === 'duty-skipped') count(tally.skipped, line.reason, line.validators.length);
    },
  };
}

const listed = (counts: Map<string, number>) =>
  [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ') || 'none';

/** What a summary tells of. */
export interface Outcome {
  readonly tally: Tally;
  readonly demand: Demand;
  readonly quiet: QuietEpochs;
}

/** The summary, a line each. */
export function summaryOf({ tally, demand, quiet }: Outcome, epochs: number, seconds: number): string[] {
  const excused = [...demand.excused.values()].reduce((sum, count) => sum + count, 0);
  const share = (count: number) => `${((100 * count) / Math.max(1, demand.demanded + excused)).toFixed(1)} %`;
  const reasons = [...demand.excused].sort(([, a], [, b]) => b - a).map(([why, count]) => `${why} ${share(count)}`);
  return [
    `duties handed over: ${listed(tally.byTrigger)}`,
    `demanded by the oracle: ${demand.demanded} duties, ${demand.held} of them to be held back; excused: ${share(excused)} (${reasons.join(', ') || 'none'})`,
    `quiet epochs, every request accounted for: ${quiet.counted}`,
    `skipped: ${listed(tally.skipped)}`,
    `tables fetched: ${tally.lines.get('duties-fetched') ?? 0}, failed ${tally.lines.get('duties-fetch-failed') ?? 0}, cancelled ${tally.lines.get('duties-fetch-cancelled') ?? 0}; requests: ${tally.requests}`,
    `re-orgs: ${tally.reorgs}; lives of the scheduler: ${tally.lives}`,
    `${epochs} epochs in ${seconds.toFixed(1)} s: ${(epochs / seconds).toFixed(0)} epochs/s`,
  ];
}
