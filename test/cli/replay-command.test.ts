import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readInputs } from '../../services/recording/journal-files.js';
import { runInProcess } from '../support/in-process-command.js';
import { journalText, recordedRun, segmentsIn } from '../support/recorded-journal.js';

interface Report {
  readonly equal: boolean;
  readonly starts: number;
  readonly decisions: number;
  readonly state?: { readonly slot: number; readonly roles: Record<string, { readonly tables: object[] }> };
}

test('a data directory is replayed, and not touched', async () => {
  const dataDir = await recordedRun();
  const before = journalText(dataDir);
  const { code, stdout } = await runInProcess(['replay', dataDir]);
  expect(stdout).toMatch(/^equal: \d+ decisions on \d+ inputs in slots -1…40, 1 start of the process\n$/);
  expect(code).toBe(0);
  expect(journalText(dataDir)).toBe(before);
});

test('a journal whose beginning is gone is replayed from the oldest segment, and each segment alone', async () => {
  const dataDir = await recordedRun(2);
  const segments = segmentsIn(dataDir);
  for (const path of [dataDir, ...segments]) {
    const { code, stdout } = await runInProcess(['replay', path, '--json']);
    const report = JSON.parse(stdout) as Report;
    expect(report).toMatchObject({ equal: true, starts: 0 });
    expect(report.decisions).toBeGreaterThan(30);
    expect(code).toBe(0);
  }
});

test('--until stops at the end of a slot and shows the state', async () => {
  const dataDir = await recordedRun();
  const { stdout, code } = await runInProcess(['replay', dataDir, '--until', '12', '--json']);
  const { state } = JSON.parse(stdout) as Report;
  expect(state?.slot).toBe(12);
  expect(state?.roles['attester']?.tables).toMatchObject([
    { target: 0, status: 'ready', duties: 32 },
    { target: 1, status: 'ready', duties: 32 },
    { target: 2, status: 'ready', duties: 32 },
  ]);
  expect(code).toBe(0);
  const text = await runInProcess(['replay', dataDir, '--until', '12']);
  expect(text.stdout).toMatch(/\nslot 12, epoch 1; node: fit; validators: 32 active_ongoing\nattester: scheduled, /);
});

test('a journal that says otherwise differs: both sides, the inputs before, exit code 1', async () => {
  const dataDir = await recordedRun();
  const [first] = segmentsIn(dataDir);
  writeFileSync(first!, readFileSync(first!, 'utf8').replace('"trigger":"head"', '"trigger":"deadline"'));
  const { code, stdout, stderr } = await runInProcess(['replay', dataDir]);
  expect(stdout).toMatch(
    /^different in slot 1 \(journal-0.jsonl, line \d+\)\n {2}recorded: .*"deadline".*\n {2}replayed: .*"head"/,
  );
  expect(stdout).toContain('the last inputs, this one at the end:\n  slot ');
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
});

test('what is no journal is refused in one line', async () => {
  const dataDir = await recordedRun();
  const [first] = segmentsIn(dataDir);
  const says = async (...args: string[]) => {
    const { code, stderr } = await runInProcess(['replay', ...args]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: [^\n]+\n$/);
    return stderr;
  };
  expect(await says(join(dataDir, 'none'))).toContain('there is no such file or folder');
  expect(await says(join(dataDir, 'state'))).toContain('there is no journal in it');
  expect(await says('package.json')).toContain('package.json is no segment of a journal');
  expect(await says(dataDir, '--until', '-3')).toContain('--until: "-3" is not a whole number');
  const sound = readFileSync(first!, 'utf8');
  writeFileSync(first!, sound.replace('"of":"ticks"', '"of":"tocks"'));
  expect(await says(dataDir)).toContain('cannot be replayed: an input of the unknown kind tocks');
  writeFileSync(first!, sound.replace('"slotsPerEpoch":8,"epochs', '"slotsPerEpoch":0,"epochs'));
  expect(await says(dataDir)).toContain(
    'journal-0.jsonl, line 2 cannot be replayed: the beginning of a run: chain.slotsPerEpoch',
  );
  writeFileSync(first!, `not a line\n${sound}`);
  expect(await says(dataDir)).toContain('journal-0.jsonl, line 1 is no line of a journal');
});

test('a torn tail is left out', async () => {
  const dataDir = await recordedRun();
  appendFileSync(segmentsIn(dataDir).at(-1)!, '{"type":"inp');
  expect((await runInProcess(['replay', dataDir])).code).toBe(0);
});

test('inputs can be read: an answer has every duty, where its line names 64', async () => {
  const dataDir = await recordedRun();
  const epochs: number[] = [];
  for await (const { input } of readInputs(dataDir)) {
    if (input.of !== 'answer' || input.question.what !== 'duties' || input.question.role !== 'attester') continue;
    epochs.push(input.question.epoch);
    expect(input.outcome).toMatchObject({ value: { columns: { validator: { length: input.question.asked } } } });
  }
  expect(new Set(epochs)).toEqual(new Set([0, 1, 2, 3, 4, 5]));
});
