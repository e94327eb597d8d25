import { expect, test } from 'vitest';
import { attester, ROLE_DEFINITIONS } from '../../machines/roles/index.js';
import { journalText, recordedRun } from '../support/recorded-journal.js';
import { differenceText, replayText } from '../support/recorded-run.js';

test('a recorded run, replayed, decides the same', async () => {
  const journal = journalText(await recordedRun());
  const result = replayText(journal);
  expect(differenceText(result)).toBeUndefined();
  expect(result).toMatchObject({ starts: 1, gaps: [], slots: { last: 40 } });
  expect(result.decisions).toBeGreaterThan(400);
});

test('a changed rule is found: the first decision that is not the same', async () => {
  const journal = journalText(await recordedRun());
  const withGrace = replayText(journal, { rules: { policy: { headGraceMs: 100 } } });
  expect(withGrace.difference).toMatchObject({
    turn: { slot: 1 },
    recorded: { type: 'duty-due', trigger: 'head' },
    replayed: undefined,
  });

  const eager = {
    ...attester,
    needs: (view: Parameters<typeof attester.needs>[0]) => attester.needs({ ...view, slot: view.slot + 1 }),
  };
  const ahead = replayText(journal, { rules: { roles: { ...ROLE_DEFINITIONS, attester: eager } } });
  // The table of the next epoch is fetched a slot early: at once, an answer comes to a question that is not the same.
  expect(ahead.difference?.turn.slot).toBeGreaterThanOrEqual(3);
  expect(ahead.difference?.inputs.length).toBeGreaterThan(1);

  const noDuty = { ...attester, kinds: attester.kinds.filter(({ kind }) => kind === 'attester') };
  const fewer = replayText(journal, { rules: { roles: { ...ROLE_DEFINITIONS, attester: noDuty } } });
  expect(fewer.difference).toMatchObject({ turn: { slot: 0 }, recorded: { role: 'aggregator' } });
});

test('a process that died in the middle of a turn is no difference, and one that lost a line is', async () => {
  const lines = journalText(await recordedRun())
    .trimEnd()
    .split('\n');
  const isDue = (line: string) => line.includes('"duty-due"');
  const due = lines.findIndex((line) => isDue(line));
  expect(replayText(lines.slice(0, due).join('\n')).difference).toBeUndefined();
  const lost = lines.filter((_, i) => i !== due).join('\n');
  expect(replayText(lost).difference).toMatchObject({ replayed: { type: 'duty-due' } });
});
