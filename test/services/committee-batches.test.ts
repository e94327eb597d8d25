import { describe, expect, test } from 'vitest';
import type { DutyBatch, DutyWithSignal, ExecutionReport } from '../../machines/ports.js';
import type { EventLine } from '../../machines/rules/event-log.js';
import { VirtualClock } from '../../services/clock/virtual-clock.js';
import {
  CommitteeBatches,
  type CommitteeBatch,
  type CommitteeExecutor,
  type CommitteeKind,
} from '../../services/committee-batches.js';

const LONGEST_WAIT_MS = 500;
const A = [1, 2, 3, 4];
const B = [1, 2, 3, 5];

interface World {
  readonly clock: VirtualClock;
  readonly given: CommitteeBatch[];
  readonly committees: CommitteeBatches;
  coming: boolean;
  execute: CommitteeExecutor;
}

function world(): World {
  const clock = new VirtualClock(0);
  const given: CommitteeBatch[] = [];
  const self: World = {
    clock,
    given,
    coming: true,
    execute: () => Promise.resolve(),
    committees: new CommitteeBatches({
      clock,
      longestWaitMs: () => LONGEST_WAIT_MS,
      isComing: () => self.coming,
      execute: (batch) => {
        given.push(batch);
        return self.execute(batch);
      },
    }),
  };
  return self;
}

/** Duties [validator, committee] of a kind; `off` are called off already. */
function batchOf<K extends CommitteeKind>(
  kind: K,
  duties: readonly [number, number[]?][],
  { slot = 8, off = [] as readonly number[] } = {},
): DutyBatch<K> {
  const signalOf = (validator: number) =>
    off.includes(validator) ? AbortSignal.abort() : new AbortController().signal;
  const withSignals = duties.map(([validatorIndex, committee]) => {
    return { validatorIndex, ...(committee && { committee }), signal: signalOf(validatorIndex) };
  });
  return {
    kind,
    slot,
    epoch: 1,
    trigger: 'head',
    duties: withSignals as unknown as DutyWithSignal<K>[],
  } as unknown as DutyBatch<K>;
}

function offer<K extends CommitteeKind>({ committees }: World, batch: DutyBatch<K>): Promise<ExecutionReport | void> {
  return committees.executors[batch.kind](batch);
}

/** As `committee: attesters | sync committee members`. */
function shown({ given }: World): string[] {
  const indices = (batch: DutyBatch<CommitteeKind> | undefined) =>
    batch?.duties.map(({ validatorIndex }) => validatorIndex).join() ?? '';
  return given.map(
    (batch) => `${batch.committee?.join('') ?? '-'}: ${indices(batch.attester)} | ${indices(batch.syncCommittee)}`,
  );
}

describe('attester and sync committee duties of a slot', () => {
  test('come together, a batch per committee, the moment both are there', async () => {
    const now = world();
    const first = offer(now, batchOf('attester', [[10, A], [11, B], [12]]));
    expect(now.given).toEqual([]);
    const second = offer(
      now,
      batchOf('sync-committee', [
        [20, A],
        [11, B],
        [13, B],
      ]),
    );
    expect(shown(now)).toEqual(['1234: 10 | 20', '1235: 11 | 11,13', '-: 12 | ']);
    expect([await first, await second]).toEqual([new Map(), new Map()]);
    expect(now.clock.pending).toBe(0);
  });

  test('one kind alone is handed over at once where the other is not coming', () => {
    const now = world();
    now.coming = false;
    void offer(now, batchOf('sync-committee', [[20, A]]));
    expect(shown(now)).toEqual(['1234:  | 20']);
  });

  test('one kind waits for the other no longer than it is told', async () => {
    const now = world();
    void offer(now, batchOf('attester', [[10, A]]));
    await now.clock.advanceBy(LONGEST_WAIT_MS - 1);
    expect(now.given).toEqual([]);
    await now.clock.advanceBy(1);
    void offer(now, batchOf('sync-committee', [[10, A]], {}));
    await now.clock.advanceBy(LONGEST_WAIT_MS);
    expect(shown(now)).toEqual(['1234: 10 | ', '1234:  | 10']);
  });

  test.each(['duty-deferred', 'duty-skipped', 'duty-failed'] as const)(
    'and no longer at all after a %s of the other kind',
    (type) => {
      const now = world();
      void offer(now, batchOf('attester', [[10, A]]));
      const said = (line: object) =>
        now.committees.onLine({ time: 0, validators: [10], ...line } as unknown as EventLine);
      said({ type, role: 'sync-committee', slot: 9 });
      said({ type, role: 'attester', slot: 8 });
      said({ type: 'duty-due', role: 'sync-committee', slot: 8 });
      expect(now.given).toEqual([]);
      said({ type, role: 'sync-committee', slot: 8 });
      expect(shown(now)).toEqual(['1234: 10 | ']);
    },
  );

  test('those of another slot do not join, nor a second batch of the same kind', async () => {
    const now = world();
    void offer(now, batchOf('attester', [[10, A]]));
    void offer(now, batchOf('sync-committee', [[10, A]], { slot: 9 }));
    void offer(now, batchOf('attester', [[11, A]]));
    expect(shown(now)).toEqual(['1234: 10 | ']);
    await now.clock.advanceBy(LONGEST_WAIT_MS);
    expect(shown(now).toSorted()).toEqual(['1234:  | 10', '1234: 10 | ', '1234: 11 | ']);
  });

  test('a verdict reaches its duty only, whatever the other kind or committee does', async () => {
    const now = world();
    const nothingSigned = { outcome: 'failed', error: 'no quorum', nothingSigned: true } as const;
    now.execute = ({ committee }) =>
      committee === B
        ? Promise.reject(new Error('no peers'))
        : Promise.resolve({ attester: new Map([[10, nothingSigned]]) });
    const first = offer(
      now,
      batchOf('attester', [
        [10, A],
        [11, B],
      ]),
    );
    const second = offer(
      now,
      batchOf('sync-committee', [
        [10, A],
        [12, B],
      ]),
    );
    const noPeers = { outcome: 'failed', error: 'no peers' };
    expect(await first).toEqual(
      new Map<number, object>([
        [10, nothingSigned],
        [11, noPeers],
      ]),
    );
    expect(await second).toEqual(new Map([[12, noPeers]]));
  });

  test('what was called off while it waited is not handed over, and nothing was signed', async () => {
    const now = world();
    const report = offer(
      now,
      batchOf(
        'attester',
        [
          [10, A],
          [11, A],
        ],
        { off: [11] },
      ),
    );
    void offer(now, batchOf('sync-committee', [[20, A]]));
    expect(shown(now)).toEqual(['1234: 10 | 20']);
    expect((await report)!.get(11)).toMatchObject({ outcome: 'failed', nothingSigned: true });
  });

  test('stopped, nothing waits and nothing is handed over', async () => {
    const now = world();
    void offer(now, batchOf('attester', [[10, A]]));
    now.committees.stop();
    expect(now.clock.pending).toBe(0);
    await now.clock.advanceBy(LONGEST_WAIT_MS);
    expect(now.given).toEqual([]);
  });
});
