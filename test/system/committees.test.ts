import { afterEach, describe, expect, test } from 'vitest';
import type { ValidatorSource } from '../../machines/ports.js';
import { ConfigurationError } from '../../services/chain-loader.js';
import type { CommitteeBatch } from '../../services/committee-batches.js';
import { createDutyScheduler } from '../../src/duty-scheduler.js';
import { dutiesBetween } from '../support/oracle.js';
import { createRig, type Rig } from '../support/rig.js';

// `groupBy: 'committee'`: 32 validators, every other one of each committee. Slots of 12 s, 8 per epoch.
const EVEN = [1, 2, 3, 4];
const ODD = [5, 6, 7, 8];
const source: ValidatorSource = {
  run: (tell) => {
    const validators = Array.from({ length: 32 }, (_, index) => {
      return { id: String(index), committee: index % 2 === 0 ? EVEN : ODD };
    });
    tell({ type: 'VALIDATORS_KNOWN', validators });
  },
};

let rig: Rig | undefined;
afterEach(() => rig?.stop());

async function start(options: { dataFetch?: boolean } = {}): Promise<{ rig: Rig; batches: CommitteeBatch[] }> {
  const batches: CommitteeBatch[] = [];
  const committee = (batch: CommitteeBatch) => {
    batches.push(batch);
    return Promise.resolve();
  };
  rig = createRig({ validators: source, scheduler: { groupBy: 'committee', executors: { committee }, ...options } });
  await rig.start();
  return { rig, batches };
}

function namesOf(batch: CommitteeBatch): string[] {
  return [...(batch.attester?.duties ?? []), ...(batch.syncCommittee?.duties ?? [])].map(
    ({ validatorIndex }, place) =>
      `${place < (batch.attester?.duties.length ?? 0) ? 'attester' : 'sync-committee'} ${batch.slot} ${validatorIndex}`,
  );
}

describe.each([{ dataFetch: true }, { dataFetch: false }])('duties of committees, %j', (options) => {
  test('one batch per committee and slot, with the attester and sync committee duties of its validators', async () => {
    const { rig: running, batches } = await start(options);
    await running.runTo(17, -1);
    const ofEpoch = batches.filter(({ slot }) => slot >= 8);
    const keys = ofEpoch.map(({ slot, committee }) => `${slot} ${committee?.join('')}`);
    expect(new Set(keys).size).toBe(keys.length);
    const kinds = ['attester', 'sync-committee'] as const;
    const expected = dutiesBetween(running.devnet.chain, 8, 16, kinds).map((name) => name.replace(/[: ]+/g, ' '));
    expect(ofEpoch.flatMap(namesOf).toSorted()).toEqual(expected.toSorted());
    for (const { committee, attester, syncCommittee } of ofEpoch) {
      for (const duty of [...(attester?.duties ?? []), ...(syncCommittee?.duties ?? [])]) {
        expect(duty.committee).toEqual(duty.validatorIndex % 2 === 0 ? EVEN : ODD);
        expect(committee).toEqual(duty.committee);
      }
      if (options.dataFetch && attester) expect(attester.data?.slot).toBe(attester.slot);
    }
    // Both kinds are there in most slots: 32 validators fill the committee of 32 seats.
    expect(ofEpoch.some(({ attester, syncCommittee }) => attester && syncCommittee)).toBe(true);
    expect(running.linesOf('duty-failed')).toEqual([]);
  });
});

describe('executors that cannot be', () => {
  const executor = () => Promise.resolve();
  const given = { beaconNode: 'http://127.0.0.1:1', validators: [1] };
  test.each([
    [{ ...given, groupBy: 'committee' as const, executors: { attester: executor } }, /go together/],
    [{ ...given, executors: { committee: executor } }, /go together/],
    [
      { ...given, groupBy: 'committee' as const, executors: { committee: executor, attester: executor } },
      /attester duties go to the executor `committee`/,
    ],
  ])('%#', (options, says) => {
    expect(() => createDutyScheduler(options)).toThrow(ConfigurationError);
    expect(() => createDutyScheduler(options)).toThrow(says);
  });
});
