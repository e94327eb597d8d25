import { describe, expect, test } from 'vitest';
import { ClaimLedger } from '../../machines/rules/at-most-once.js';
import { DEFAULT_OPTIONS, replayCommand } from './options.js';
import { simulate } from './simulation.js';
import type { Sabotage } from './world.js';

// The checks are tested: a scheduler broken on purpose must be seen, and by the check that is meant for it.
const OPTIONS = { ...DEFAULT_OPTIONS, seed: 1, epochs: 60 };

/** Grants whatever is claimed. */
class ForgetfulLedger extends ClaimLedger {
  override stateOf() {
    return 'free' as const;
  }
}

/** Asks for the tables of an epoch twice. */
const ASKING_TWICE: Sabotage = {
  ask: (node) => ({
    async getAttesterDuties(epoch, indices, signal) {
      if (indices.length > 1 && epoch >= 20) await node.getAttesterDuties(epoch, indices, signal);
      return node.getAttesterDuties(epoch, indices, signal);
    },
  }),
};

/** Asks for a validator that the node does not know. */
const ASKING_WRONGLY: Sabotage = {
  ask: (node) => ({
    getSyncCommitteeDuties: (epoch, indices, signal) =>
      node.getSyncCommitteeDuties(epoch, epoch === 20 ? Uint32Array.of(...indices, 9999) : indices, signal),
  }),
};

const broken: [string, Sabotage, string[]][] = [
  ['a table is asked for twice', ASKING_TWICE, ['exactRequests']],
  ['a validator is asked for that nobody knows', ASKING_WRONGLY, ['nothingRefused']],
  ['an executor is called twice', { executeTwice: true }, ['nothingTwice']],
  ['claims are forgotten', { claims: () => new ForgetfulLedger() }, ['nothingTwice', 'neverAttestsBackwards']],
  ['claims do not outlive a restart', { claims: () => new ClaimLedger() }, ['nothingTwice', 'neverAttestsBackwards']],
  ['proposals are lost', { loseBatch: ({ kind }) => kind === 'proposer' }, ['everyDutyOnce']],
  ['one slot is lost', { loseBatch: ({ slot }) => slot % 8 === 0 && slot > 0 }, ['everyDutyOnce']],
  ['nobody is told what is held back', { loseLine: ({ type }) => type === 'duty-deferred' }, ['everyDutyOnce']],
  [
    'attestations that were held back are lost',
    { loseBatch: ({ kind, trigger }) => kind === 'attester' && trigger === 'late' },
    ['everyDutyOnce'],
  ],
  ['outcomes are not told', { loseLine: ({ type }) => type === 'duty-executed' }, ['oneEndingEach']],
  ['a duty is not said to be due', { loseLine: ({ type }) => type === 'duty-due' }, ['oneEndingEach']],
];

describe('the checks see that', () => {
  test.each(broken)('%s', async (_what, sabotage, checks) => {
    const { violation, events } = await simulate(OPTIONS, { sabotage });
    expect(checks).toContain(violation?.check);
    expect(events.length).toBeGreaterThan(10);
    expect(events.length).toBeLessThanOrEqual(50);
  });
});

test('the checks see that something is held of every batch that is over', { timeout: 120_000 }, async () => {
  const held: number[][] = [];
  const hold = () => held.push(new Array<number>(250).fill(0)) < 0;
  const { violation } = await simulate({ ...OPTIONS, epochs: 150 }, { sabotage: { loseBatch: hold } });
  expect(violation?.check).toBe('flatHeap');
});

test('what is said to replay a violation meets the same one', async () => {
  const sabotage = { executeTwice: true };
  const first = await simulate(OPTIONS, { sabotage });
  expect(first.replay).toBe(replayCommand(OPTIONS, first.violation!.slot));
  const again = await simulate({ ...OPTIONS, untilSlot: first.violation!.slot }, { sabotage });
  expect(again.violation).toEqual(first.violation);
  expect(again.events).toEqual(first.events);
});

test('the same seed gives the same run', async () => {
  const run = async (seed: number) => {
    const { events, tally } = await simulate({ ...OPTIONS, seed, epochs: 12 });
    return { events, tally };
  };
  const first = await run(7);
  expect(await run(7)).toEqual(first);
  expect(await run(8)).not.toEqual(first);
});
