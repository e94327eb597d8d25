import { appendFile, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { BeaconNodeError } from '../../machines/ports.js';
import type { DutyKind } from '../../machines/rules/duties.js';
import { ConfigurationError } from '../../services/chain-loader.js';
import { explainFromJournal } from '../../services/explain/explain-journal.js';
import type { DutyExplanation, Explanation } from '../../services/explain/explanation.js';
import { explanationText } from '../../src/cli/explain-command.js';
import { root } from '../support/scripted-node.js';
import { createScriptedRig, type ScriptedRig, type ScriptedRigOptions } from '../support/scripted-rig.js';

// Slots of 12 s, 8 per epoch. Validator 1 attests in the second slot of each epoch, 2 in the fifth; 3 is not yet active.
const START = 8;
const DUE_MS = 3999;

async function started(...of: Parameters<typeof startedIn>): Promise<ScriptedRig> {
  return (await startedIn(...of)).rig;
}

async function startedIn(options: ScriptedRigOptions = {}, before: (rig: ScriptedRig) => void = () => undefined) {
  const dataDir = await mkdtemp(join(tmpdir(), 'explain-'));
  const rig = createScriptedRig({ ...options, scheduler: { dataDir, ...options.scheduler } });
  onTestFinished(async () => {
    await rig.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
  rig.node.addRecord(3, { status: 'pending_queued', activationEpoch: 12 });
  for (let epoch = 0; epoch < 8; epoch++) writeTable(rig, epoch, 0x10 + epoch);
  before(rig);
  await rig.startAt(START);
  return { rig, dataDir };
}

function writeTable({ node }: ScriptedRig, epoch: number, rootNumber: number, ofFirst = 8 * epoch + 1): void {
  const duties = [[ofFirst, 1] as const, [8 * epoch + 4, 2] as const];
  node.attester.set(epoch, { root: root(rootNumber), duties });
  node.proposer.set(epoch, { root: root(rootNumber), duties: [[8 * epoch + 3, 2]] });
}

async function explain(rig: ScriptedRig, slot: number, validator: number): Promise<Explanation> {
  return rig.scheduler.explain({ slot, validator });
}

function of({ duties }: Explanation, kind: DutyKind): DutyExplanation {
  return duties.find(({ role }) => role === kind)!;
}

const whats = ({ steps }: DutyExplanation) => steps.map(({ what, offsetMs }) => `${what} ${offsetMs}`);

test('a duty that was executed: planned, head, due, data, handed over, outcome, with offsets', async () => {
  const rig = await started();
  await rig.runTo(9, 500);
  rig.node.head(9);
  await rig.runTo(10);
  const explanation = await explain(rig, 9, 1);
  expect(explanation).toMatchObject({ slot: 9, epoch: 1, validator: 1, gaps: [] });
  const attester = of(explanation, 'attester');
  expect(attester).toMatchObject({ verdict: 'executed', reason: undefined });
  expect(whats(attester)).toEqual([
    'planned -12000',
    'head 500',
    'due 500',
    'data 500',
    'handed-over 500',
    'executed 500',
  ]);
  expect(attester.steps[0]!.text).toBe(
    'attester duties of epoch 1 fetched (warm-up) for root 0x11000000…, with slot 9',
  );
  expect(attester.steps[2]!.text).toBe('came due, by the head of its slot');
  expect(whats(of(explanation, 'aggregator'))).toEqual(['planned -12000', 'due 0', 'handed-over 0', 'executed 0']);
});

test('a duty that a re-org moved: the old plan, the re-org, the new plan', async () => {
  const rig = await started();
  await rig.runTo(17, 100);
  rig.node.head(16);
  await rig.runTo(18, 100);
  writeTable(rig, 2, 0x52, 22);
  rig.node.head(18);
  await rig.runTo(23);
  const attester = of(await explain(rig, 22, 1), 'attester');
  // It attested in slot 17 for the same target epoch: a second attestation would be slashable.
  expect(attester).toMatchObject({ verdict: 'skipped', reason: 'moved-after-claim' });
  expect(attester.steps.map(({ what }) => what)).toEqual(['planned', 'reorg', 'planned', 'changed', 'skipped']);
  expect(attester.steps.map(({ text }) => text)).toContain('its attester duty in epoch 2 was moved');
});

test('duties that never were, each with its reason', async () => {
  const rig = await started({ validators: [1, 2, 3] });
  await rig.runTo(14);
  const reasonOf = async (slot: number, validator: number, kind: DutyKind) => {
    const { verdict, reason, text, steps } = of(await explain(rig, slot, validator), kind);
    expect([verdict, steps]).toEqual(['none', []]);
    return `${reason}: ${text}`;
  };
  expect(await reasonOf(10, 1, 'attester')).toBe(
    'no-duty: no attester duty in this slot: its duty of epoch 1 is in slot 9',
  );
  expect(await reasonOf(10, 1, 'proposer')).toBe('no-duty: it proposes no block in epoch 1');
  expect(await reasonOf(10, 1, 'sync-committee')).toBe(
    'no-duty: the validator is not in the sync committee of period 0',
  );
  expect(await reasonOf(10, 3, 'attester')).toBe('not-eligible: not eligible until epoch 12 (pending_queued)');
  expect(await reasonOf(50, 1, 'attester')).toBe('not-recorded: slot 50 is not in the journal: it holds slots 8 to 14');
  expect(await reasonOf(2, 1, 'attester')).toMatch(/^not-recorded/);
  const elsewhere = async (slot: number, kind: DutyKind) => of(await explain(rig, slot, 1), kind).elsewhere;
  expect(await elsewhere(10, 'attester')).toEqual([9]);
  expect(await elsewhere(9, 'attester')).toEqual([]);
  expect(await elsewhere(10, 'sync-committee')).toEqual([]);
});

test('a validator that left, and came back: what it was in the slot itself', async () => {
  const rig = await started();
  const proposer = async (slot: number) => of(await explain(rig, slot, 1), 'proposer').text;
  await rig.runTo(12, 100);
  rig.scheduler.send({ type: 'CLUSTER_LIQUIDATED', ids: ['1'] });
  await rig.runTo(20, 100);
  rig.scheduler.send({ type: 'CLUSTER_REACTIVATED', ids: ['1'] });
  await rig.runTo(27, 100);
  rig.scheduler.send({ type: 'VALIDATOR_REMOVED', ids: ['1'] });
  await rig.runTo(35, 100);
  expect(await proposer(11)).toBe('it proposes no block in epoch 1');
  expect(await proposer(13)).toBe('not eligible: its cluster is liquidated');
  expect(await proposer(19)).toBe('not eligible: its cluster is liquidated');
  expect(await proposer(22)).toBe('it proposes no block in epoch 2');
  expect(await proposer(26)).toBe('it proposes no block in epoch 3');
  expect(await proposer(33)).toBe('not eligible: it was removed');
});

test('of a journal whose beginning is gone nothing is made up: it is not recorded', async () => {
  const { rig, dataDir } = await startedIn();
  for (let epoch = 8; epoch < 16; epoch++) writeTable(rig, epoch, 0x10 + epoch);
  await rig.runTo(120);
  // What is old has been removed when the journal is closed.
  await rig.scheduler.stop('end of the test');
  const { from } = (await explainFromJournal(dataDir, { slot: 100, validator: 1 })).recorded!;
  expect(from).toBeGreaterThan(START + 8);
  const told = new Map<string, string[]>();
  for (let slot = from; slot < from + 16; slot++) {
    for (const kind of ['attester', 'proposer'] as const) {
      const { verdict, reason, text } = of(await explainFromJournal(dataDir, { slot, validator: 1 }), kind);
      const said = `${verdict} ${reason}`;
      told.set(said, [...(told.get(said) ?? []), `${slot} ${kind} ${text}`]);
    }
  }
  const said = [...told.keys()].sort();
  expect(said, JSON.stringify([...told])).toEqual(['executed undefined', 'none no-duty', 'none not-recorded']);
});

test('a segment that goes while the journal is read is a gap, and no more', async () => {
  const { rig, dataDir } = await startedIn();
  await rig.runTo(10);
  // Listed, and not there.
  await symlink(join(dataDir, 'nowhere'), join(dataDir, 'journal-1.jsonl'));
  const { gaps, duties } = await explain(rig, 9, 1);
  expect(gaps).toEqual(['journal-1.jsonl went while the journal was read']);
  expect(duties[0]!.verdict).toBe('executed');
});

test('lines that lack what their type has are counted, and the rest is told', async () => {
  const { rig, dataDir } = await startedIn();
  await rig.runTo(10);
  const dated = `"time":1700000000000,"slot":9`;
  const damaged = [
    `{"type":"duty-executed",${dated},"role":"attester"}`,
    `{"type":"machine-state",${dated}}`,
    `{"type":"input",${dated},"of":"answer","question":{"what":"attestation-data","slot":9}}`,
    `{"type":"input",${dated},"of":"timer"}`,
    'nothing at all',
  ];
  await appendFile(join(dataDir, 'journal-8.jsonl'), `${damaged.join('\n')}\n`);
  const { gaps, duties } = await explain(rig, 9, 1);
  expect(gaps).toEqual(['journal-8.jsonl: 5 lines cannot be read']);
  expect(duties[0]!.verdict).toBe('executed');
});

test('duties that were never ready: how often they were asked for, and the last error', async () => {
  const rig = await started({ scheduler: { roles: ['attester'] } }, ({ node }) => {
    node.failing = (method) => (method === 'attester' ? new BeaconNodeError('http', 'HTTP 500', 500) : undefined);
  });
  await rig.runTo(10);
  const explanation = await explain(rig, 9, 1);
  const attester = of(explanation, 'attester');
  expect(attester.reason).toBe('duties-never-ready');
  expect(attester.text).toMatch(
    /^attester duties of epoch 1 were never ready: \d+ attempts failed, the last error: HTTP 500$/,
  );
  expect(attester.steps.length).toBeGreaterThan(2);
  expect(of(explanation, 'proposer')).toMatchObject({ reason: 'not-handed-over' });
});

test('a duty held back and skipped, one that failed, and one that slept through its slot', async () => {
  const rig = await started({ execute: () => Promise.reject(new Error('no quorum')) });
  await rig.runTo(9, DUE_MS + 1);
  expect(of(await explain(rig, 9, 1), 'attester')).toMatchObject({ verdict: 'failed', reason: 'no quorum' });
  await rig.runTo(9, 6000);
  rig.node.status = { ...rig.node.status, elOffline: true };
  await rig.runTo(11, 6000);
  const held = of(await explain(rig, 11, 2), 'proposer');
  expect(held).toMatchObject({ verdict: 'deferred', reason: 'execution-client-offline' });
  await rig.runTo(12, 100);
  const skipped = of(await explain(rig, 11, 2), 'proposer');
  expect(skipped).toMatchObject({ verdict: 'skipped', reason: 'execution-client-offline' });
  rig.clock.jump(24 * 12_000);
  await rig.clock.advanceBy(12_000);
  expect(of(await explain(rig, 20, 2), 'attester').reason).toBe('not-running');
});

test('reads for a person', async () => {
  const rig = await started();
  await rig.runTo(10);
  const text = explanationText(await explain(rig, 9, 1));
  expect(text).toContain('Validator 1, slot 9 (epoch 1). The journal holds slots 8 to 10.');
  expect(text).toMatch(/\nattester: executed, in 0 ms\n/);
  expect(text).toMatch(/\n {2}\d\d:\d\d:\d\d\.\d{3} {5}\+3999 ms {2}came due, by its due point, no head having come\n/);
  expect(text).toContain('\nproposer: it proposes no block in epoch 1\n');
});

test('without a journal there is nothing to explain', async () => {
  const rig = createScriptedRig();
  await expect(rig.scheduler.explain({ slot: 1, validator: 1 })).rejects.toThrow(ConfigurationError);
});
