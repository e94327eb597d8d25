import { expect, test } from 'vitest';
import { differenceText, replayText } from '../support/recorded-run.js';
import { DEFAULT_OPTIONS } from './options.js';
import { simulate } from './simulation.js';

test('a hostile run, recorded and replayed, is equal, from its start and from each segment', async () => {
  let lives = 0;
  let decisions = 0;
  let decisionsAlone = 0;
  const differences: string[] = [];
  const { violation } = await simulate(
    { ...DEFAULT_OPTIONS, seed: 11, epochs: 40 },
    {
      onRecorded(segments) {
        const result = replayText(segments.join(''));
        expect(result.gaps).toEqual([]);
        lives += result.starts;
        decisions += result.decisions;
        // Each segment is enough by itself.
        const alone = segments.map((segment) => replayText(segment));
        decisionsAlone += alone.reduce((sum, part) => sum + part.decisions, 0);
        for (const replayed of [result, ...alone]) {
          const difference = differenceText(replayed);
          if (difference !== undefined) differences.push(difference);
        }
      },
    },
  );
  expect(violation).toBeUndefined();
  expect(differences[0]).toBeUndefined();
  expect(lives).toBeGreaterThan(1);
  expect(decisions).toBeGreaterThan(4000);
  expect(decisionsAlone).toBe(decisions);
});
