import { describe, expect, test } from 'vitest';
import type { DutyKind } from '../../machines/rules/duties.js';
import { DutyStories } from './duty-stories.js';
import { planFaults, SCHEDULER_FAULTS, NODE_FAULTS } from './fault-plan.js';
import { judge } from './judgement.js';
import type { HeardLine } from './scheduler-process.js';
import { Weather, type InjectedFault } from './weather.js';

const SLOT = 500;
const chain = { genesisTimeMs: 0, slotDurationMs: SLOT, slotsPerEpoch: 8 };

type Fault = [kind: InjectedFault['kind'], target: InjectedFault['target'], fromSlot: number, toSlot: number];

interface Case {
  readonly kind?: DutyKind;
  /** Slots, fractions too, at which its execution is heard of. */
  readonly executedIn?: readonly number[];
  readonly faults?: readonly Fault[];
  readonly rootChangedIn?: number;
  readonly memberChangedIn?: number;
  readonly busyIn?: number;
  readonly alsoHeard?: readonly Partial<HeardLine>[];
}

function executed(kind: string, slot: number, at: number): HeardLine {
  return { type: 'duty-executed', role: kind, slot, validators: [3], heardAt: at * SLOT, text: '' };
}

/** What is said of the one duty of validator 3 in slot 100. */
function verdictOn({ kind = 'attester', executedIn = [], faults = [], ...amiss }: Case): string {
  const stories = new DutyStories(
    [
      ...executedIn.map((at) => executed(kind, 100, at)),
      ...(amiss.alsoHeard ?? []).map((line) => ({ ...executed(kind, 100, 100), ...line })),
    ],
    8,
  );
  const { busyIn, memberChangedIn, rootChangedIn = -1 } = amiss;
  const weather = new Weather(
    faults.map(([fault, target, from, to]) => ({ kind: fault, target, from: from * SLOT, to: to * SLOT })),
    busyIn === undefined ? [] : [{ from: busyIn * SLOT, to: busyIn * SLOT + 60 }],
    50,
  );
  const { accounts } = judge({
    chain,
    record: {
      duties: [{ kind, slot: 100, validator: 3 }],
      changedBetween: (_epoch, from, to) => rootChangedIn * SLOT >= from && rootChangedIn * SLOT <= to,
    },
    memberChanges: memberChangedIn === undefined ? [] : [{ validator: 3, at: memberChangedIn * SLOT }],
    stories,
    weather,
  });
  const { inSlot, late, unexplained, excused } = accounts.get(kind)!;
  if (stories.doubled.length > 0) return `doubled: ${stories.doubled.join()}`;
  if (inSlot > 0) return 'in its slot';
  if (late > 0) return 'late';
  return unexplained > 0 ? 'unexplained' : [...excused.keys()].join();
}

describe('a duty that was executed', () => {
  test('is met in its slot', () => expect(verdictOn({ executedIn: [100.4] })).toBe('in its slot'));

  test('may be late only where something stood in the way', () => {
    expect(verdictOn({ executedIn: [103] })).toBe('unexplained');
    expect(verdictOn({ executedIn: [103], faults: [['stall', 'scheduler', 100.1, 101.5]] })).toBe('late');
  });

  test('may not be executed twice, nor an epoch be attested twice or backwards', () => {
    expect(verdictOn({ executedIn: [100.1, 100.2] })).toMatch('doubled: attester 100 3 was executed 2 times');
    for (const slot of [101, 110])
      expect(verdictOn({ alsoHeard: [executed('attester', slot, 99), executed('attester', 100, 100)] })).toMatch(
        /doubled: validator 3 attests in slot 100 after/,
      );
    expect(verdictOn({ alsoHeard: [executed('attester', 100, 99), executed('attester', 110, 100)] })).toBe(
      'in its slot',
    );
  });
});

describe('a duty that was not executed', () => {
  test('is unexplained when all was well, and when what was amiss can be borne', () => {
    expect(verdictOn({})).toBe('unexplained');
    for (const kind of ['heads-missing', 'heads-doubled', 'roots-swapped'] as const)
      expect(
        verdictOn({
          faults: [
            [kind, 'node-1', 90, 110],
            [kind, 'node-2', 90, 110],
          ],
        }),
      ).toBe('unexplained');
    expect(verdictOn({ faults: [['disk-full', 'scheduler', 90, 110]] })).toBe('unexplained');
    expect(
      verdictOn({
        faults: [
          ['hang', 'node-1', 90, 110],
          ['down', 'execution-node', 90, 110],
        ],
      }),
    ).toBe('unexplained');
  });

  test('is excused where no node was well from a few slots before until its end', () => {
    const both: Fault[] = [
      ['hang', 'node-1', 80, 100],
      ['errors', 'node-2', 99, 120],
    ];
    expect(verdictOn({ kind: 'proposer', faults: both })).toBe('no-healthy-node: not heard of');
    expect(verdictOn({ kind: 'proposer', faults: [both[0]!, ['errors', 'node-2', 80, 97.1]] })).toBe(
      'no-healthy-node: not heard of',
    );
    expect(
      verdictOn({
        kind: 'proposer',
        faults: [
          ['hang', 'node-1', 80, 96.9],
          ['hang', 'node-2', 80, 96.9],
        ],
      }),
    ).toBe('unexplained');
  });

  test('is excused while the scheduler stood still, its clock was wrong, or the machine was busy', () => {
    const kind = 'proposer';
    expect(verdictOn({ kind, faults: [['stall', 'scheduler', 99, 100]] })).toBe('stall: not heard of');
    expect(verdictOn({ kind, faults: [['clock-step', 'scheduler', 99, 100]] })).toBe('clock-step: not heard of');
    expect(verdictOn({ kind, busyIn: 99 })).toBe('busy-machine: not heard of');
    expect(verdictOn({ kind, busyIn: 98 })).toBe('unexplained');
    const unreachable = { type: 'duty-skipped', reason: 'node-unreachable' };
    expect(verdictOn({ kind, busyIn: 99, alsoHeard: [unreachable] })).toBe('unexplained');
  });

  test('is, as an attestation, made up for as soon as it can be', () => {
    const stall: Fault = ['stall', 'scheduler', 100.1, 101.5];
    expect(verdictOn({ faults: [stall] })).toBe('unexplained');
    expect(verdictOn({ faults: [['stall', 'scheduler', 100.1, 105.5]] })).toBe('stall: not heard of');
    const later = executed('attester', 110, 101);
    expect(verdictOn({ faults: [stall], alsoHeard: [later] })).toBe('moved: not heard of');
  });

  test('is excused by a re-org and by a change of its validator, each for its time', () => {
    expect(verdictOn({ rootChangedIn: 98 })).toBe('reorg: not heard of');
    expect(verdictOn({ rootChangedIn: 90 })).toBe('unexplained');
    expect(verdictOn({ kind: 'sync-committee', rootChangedIn: 98 })).toBe('unexplained');
    expect(verdictOn({ memberChangedIn: 98 })).toBe('validator-changed: not heard of');
    expect(verdictOn({ memberChangedIn: 80 })).toBe('unexplained');
    expect(verdictOn({ memberChangedIn: 80, faults: [['down', 'execution-node', 78, 96]] })).toBe(
      'validator-changed: not heard of',
    );
  });
});

test('a plan is the same for the same seed, and holds every fault before it repeats one', () => {
  const plan = (seed: number) => planFaults({ seed, slots: 300, perSlot: 0.2 });
  expect(plan(1)).toEqual(plan(1));
  expect(plan(1)).not.toEqual(plan(2));
  const kinds = new Set(
    plan(1)
      .slice(0, 24)
      .map(({ kind, target }) => `${kind} ${target}`),
  );
  expect(kinds.size).toBe(24);
  expect([...NODE_FAULTS, ...SCHEDULER_FAULTS].every((kind) => [...kinds].some((name) => name.startsWith(kind)))).toBe(
    true,
  );
});
