import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Role } from '../../../machines/rules/duties.js';
import { concatColumns, covers, DutyTable } from '../../../machines/rules/duty-table.js';
import { diffTables, isEmptyDiff, NO_DIFF } from '../../../machines/rules/table-diff.js';
import { ascending } from '../../../machines/rules/index-columns.js';
import { bufferBytesOf } from '../../support/bytes.js';
import { root } from '../../support/chain.js';
import { answerOf, columnsOf, rowsIn, SOME_SPAN, tableOf, type Row } from '../../support/tables.js';

const ROLES: readonly Role[] = ['attester', 'proposer', 'sync-committee'];
const { firstSlot, slotCount } = SOME_SPAN;

const validator = fc.nat({ max: 30 });
const slot = fc.integer({ min: firstSlot, max: firstSlot + slotCount - 1 });
const someRow: Record<Role, fc.Arbitrary<Row>> = {
  attester: fc.record({ validator, slot, committee: fc.nat({ max: 2 }) }),
  proposer: fc.record({ validator, slot }),
  'sync-committee': fc.record({ validator, positions: fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 3 }) }),
};
const keyOf = (role: Role) => (row: Row) => (role === 'proposer' ? `${row.validator} ${row.slot}` : row.validator);
/** Rows with different keys, in any order. */
const someRows = (role: Role) => fc.uniqueArray(someRow[role], { selector: keyOf(role), maxLength: 30 });
const byTableOrder = (a: Row, b: Row) => (a.slot ?? 0) - (b.slot ?? 0) || a.validator - b.validator;
const validatorsIn = (table: DutyTable) => [...new Set(table.validator)].sort((a, b) => a - b);

describe.each(ROLES)('a table of %s duties', (role) => {
  it('is the same from an answer in any order', () => {
    const shuffled = someRows(role).chain((rows) =>
      fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length })),
    );
    fc.assert(
      fc.property(shuffled, ([rows, others]) => {
        const table = tableOf(role, rows);
        expect(rowsIn(table)).toEqual([...rows].sort(byTableOrder));
        expect(rowsIn(tableOf(role, others))).toEqual(rowsIn(table));
        expect(isEmptyDiff(diffTables(table, tableOf(role, others)))).toBe(true);
      }),
    );
  });

  it('finds its duties by slot and by validator', () => {
    fc.assert(
      fc.property(someRows(role), (rows) => {
        const table = tableOf(role, rows);
        for (let at = firstSlot - 2; at < firstSlot + slotCount + 2; at++) {
          const inside = at >= firstSlot && at < firstSlot + slotCount;
          const expected = inside ? rowsIn(table).filter((row) => row.slot === undefined || row.slot === at) : [];
          const { from, to } = table.rowsAt(at);
          expect(rowsIn(table).slice(from, to)).toEqual(expected);
          expect(covers(table, at)).toBe(inside);
          for (let index = 0; index <= 31; index++) {
            const found = table.rowAt(at, index);
            expect(found >= 0 ? rowsIn(table)[found] : undefined).toEqual(
              expected.find((row) => row.validator === index),
            );
          }
        }
        for (let index = 0; index <= 31; index++) {
          const own = table.rowsOf(index).map((row) => rowsIn(table)[row]);
          expect(own).toEqual(rowsIn(table).filter((row) => row.validator === index));
        }
        expect([...table.byValidator].map((row) => table.validator[row])).toEqual(
          [...table.validator].sort((a, b) => a - b),
        );
      }),
    );
  });

  it('has one duty of a key, however often an answer names it: the first', () => {
    fc.assert(
      fc.property(fc.array(someRow[role], { maxLength: 40 }), (rows) => {
        const first = rows.filter((row, i) => rows.findIndex((other) => keyOf(role)(other) === keyOf(role)(row)) === i);
        expect(rowsIn(tableOf(role, rows))).toEqual(first.sort(byTableOrder));
      }),
    );
  });

  it('merges an answer for some validators as if it had been asked for all at once', () => {
    fc.assert(
      fc.property(someRows(role), someRows(role), fc.uniqueArray(validator), (rows, news, alsoAsked) => {
        const asked = ascending([...alsoAsked, ...news.map((row) => row.validator)]);
        const merged = tableOf(role, rows).merge(answerOf(role, news), asked);
        const kept = rows.filter((row) => !asked.includes(row.validator));
        expect(rowsIn(merged)).toEqual(rowsIn(tableOf(role, [...kept, ...news])));
        expect(merged.asked).toEqual(ascending([...rows.map((row) => row.validator), ...asked]));
        expect(merged.dependentRoot).toBe(role === 'sync-committee' ? null : root(1));
      }),
    );
  });

  it('is without a trace of validators taken out, and itself where none of them is in it', () => {
    fc.assert(
      fc.property(someRows(role), fc.uniqueArray(validator), (rows, gone) => {
        const table = tableOf(role, rows, { asked: [...rows.map((row) => row.validator), 31] });
        const left = table.remove(new Set(gone));
        const kept = rows.filter((row) => !gone.includes(row.validator));
        expect(rowsIn(left)).toEqual(rowsIn(tableOf(role, kept)));
        expect(left.asked).toEqual(ascending([...kept.map((row) => row.validator), 31]));
        expect(left === table).toBe(kept.length === rows.length);
      }),
    );
  });

  it('differs from itself in nothing, and from another both ways alike', () => {
    fc.assert(
      fc.property(someRows(role), someRows(role), (rows, others) => {
        const [a, b] = [tableOf(role, rows), tableOf(role, others)];
        expect(diffTables(a, a)).toEqual(NO_DIFF);
        const there = diffTables(a, b);
        const back = diffTables(b, a);
        expect(back).toEqual({ added: there.removed, removed: there.added, moved: there.moved });
        expect(isEmptyDiff(there)).toBe(JSON.stringify(rowsIn(a)) === JSON.stringify(rowsIn(b)));
      }),
    );
  });

  it('differs by exactly the validators whose duties are others', () => {
    fc.assert(
      fc.property(someRows(role), someRows(role), (rows, others) => {
        const [a, b] = [tableOf(role, rows), tableOf(role, others)];
        const { added, removed, moved } = diffTables(a, b);
        const text = (of: readonly Row[], key: string | number) =>
          JSON.stringify(of.find((row) => keyOf(role)(row) === key));
        const keys = [...new Set([...rows, ...others].map(keyOf(role)))];
        const validatorOf = (key: string | number) => Number(String(key).split(' ')[0]);
        const where = (test: (old: string | undefined, fresh: string | undefined) => boolean) => [
          ...ascending(keys.filter((key) => test(text(rowsIn(a), key), text(rowsIn(b), key))).map(validatorOf)),
        ];
        expect(added).toEqual(where((old, fresh) => old === undefined && fresh !== undefined));
        expect(removed).toEqual(where((old, fresh) => old !== undefined && fresh === undefined));
        expect(moved).toEqual(where((old, fresh) => old !== undefined && fresh !== undefined && old !== fresh));
      }),
    );
  });

  it('turns into its successor where a difference is applied', () => {
    fc.assert(
      fc.property(someRows(role), someRows(role), (rows, others) => {
        const [a, b] = [tableOf(role, rows), tableOf(role, others)];
        const { added, removed, moved } = diffTables(a, b);
        const news = new Set([...added, ...moved]);
        const fresh = rowsIn(b).filter((row) => news.has(row.validator));
        const applied = a.remove(new Set(removed)).merge(answerOf(role, fresh), ascending(news));
        const lost = role === 'proposer' ? removed.filter((index) => !news.has(index)) : [];
        // A proposer that loses one of two slots is named; what it keeps is read from the successor.
        const kept = rowsIn(b).filter((row) => lost.includes(row.validator));
        expect(rowsIn(applied.merge(answerOf(role, kept), ascending(lost)))).toEqual(rowsIn(b));
      }),
    );
  });

  it('without duties is an answer too, and takes in what comes', () => {
    const empty = tableOf(role, [], { asked: [1, 2] });
    expect([empty.size, empty.rowsAt(firstSlot), empty.rowsOf(1), empty.rowAt(firstSlot, 1)]).toEqual([
      0,
      { from: 0, to: 0 },
      [],
      -1,
    ]);
    const row: Row = { validator: 3, slot: firstSlot + 1, committee: 7, positions: [5] };
    const only = rowsIn(tableOf(role, [row]));
    expect(rowsIn(empty.merge(answerOf(role, [row]), Uint32Array.of(3)))).toEqual(only);
    expect(rowsIn(tableOf(role, [row]).merge(answerOf(role, []), Uint32Array.of(4)))).toEqual(only);
  });

  it('takes an answer without rows in its barest form', () => {
    const bare = { validator: new Uint32Array(0), fields: {} };
    const row: Row = { validator: 3, slot: firstSlot + 1, committee: 7, positions: [5] };
    const answer = { ...answerOf(role, []), columns: bare };
    expect(concatColumns(bare, columnsOf(role, [row]))).toEqual(columnsOf(role, [row]));
    const empty = DutyTable.build({ ...answer, span: { role, ...SOME_SPAN }, asked: Uint32Array.of(4) });
    const news = empty.merge(answerOf(role, [row]), Uint32Array.of(3));
    expect([empty.rowsAt(row.slot!), rowsIn(news)]).toEqual([{ from: 0, to: 0 }, rowsIn(tableOf(role, [row]))]);
    expect(news.rowsAt(firstSlot)).toEqual({ from: 0, to: role === 'sync-committee' ? 1 : 0 });
    const merged = tableOf(role, [row]).merge(answer, Uint32Array.of(4));
    expect(rowsIn(merged)).toEqual(rowsIn(tableOf(role, [row])));
  });

  it('carries another dependent root with the same duties', () => {
    const table = tableOf(role, [{ validator: 3, slot: firstSlot, committee: 1, positions: [2] }]);
    const renamed = table.withDependentRoot(root(5));
    expect(renamed.dependentRoot).toBe(root(5));
    expect(rowsIn(renamed)).toEqual(rowsIn(table));
    expect(isEmptyDiff(diffTables(table, renamed))).toBe(true);
    expect(renamed.rowsAt(firstSlot)).toEqual(table.rowsAt(firstSlot));
  });

  it('shows people a summary and never its rows', () => {
    const table = tableOf(role, [{ validator: 3, slot: firstSlot, positions: [2] }]);
    expect(table.toJSON()).toEqual({
      role,
      ...SOME_SPAN,
      dependentRoot: role === 'sync-committee' ? null : root(1),
      endpointVersion: 1,
      duties: 1,
    });
  });
});

describe('fields of a duty', () => {
  it('of an attester are four, of others 0', () => {
    const table = tableOf('attester', [{ validator: 5, slot: 17, committee: 9 }]);
    const fields = ['committeeIndex', 'committeeLength', 'committeesAtSlot', 'validatorCommitteeIndex'] as const;
    expect(fields.map((field) => table.field(0, field))).toEqual([9, 109, 209, 309]);
    expect(tableOf('proposer', [{ validator: 5, slot: 17 }]).field(0, 'committeeIndex')).toBe(0);
  });

  it.each(['committeeIndex', 'committeeLength', 'committeesAtSlot', 'validatorCommitteeIndex'] as const)(
    '%s moves a duty',
    (field) => {
      const before = tableOf('attester', [{ validator: 5, slot: 17, committee: 1 }]);
      const answer = answerOf('attester', [{ validator: 5, slot: 17, committee: 1 }]);
      answer.columns.fields[field]![0] = 77;
      expect(diffTables(before, before.merge(answer, Uint32Array.of(5)))).toEqual({
        added: [],
        removed: [],
        moved: [5],
      });
    },
  );

  it('positions that are not there are refused, and take no memory', () => {
    const { positions, ...columns } = columnsOf('sync-committee', [{ validator: 9, positions: [1, 400] }]);
    const bent = { ...columns, positions: { offsets: Uint32Array.of(0, 0x0a000000), values: positions!.values } };
    const parts = { span: { ...SOME_SPAN, role: 'sync-committee' as const }, ...answerOf('sync-committee', []) };
    expect(() => DutyTable.build({ ...parts, asked: Uint32Array.of(9), columns: bent })).toThrow(RangeError);
  });

  it('positions in the sync committee stay with their validator', () => {
    const table = tableOf('sync-committee', [
      { validator: 9, positions: [1, 400] },
      { validator: 2, positions: [] },
      { validator: 5, positions: [33] },
    ]);
    expect([...table.validator].map((index, row) => [index, [...table.positions(row)]])).toEqual([
      [2, []],
      [5, [33]],
      [9, [1, 400]],
    ]);
    expect(tableOf('attester', [{ validator: 1, slot: 16 }]).positions(0)).toHaveLength(0);
  });
});

describe('a proposer', () => {
  const twice = [
    { validator: 4, slot: 22 },
    { validator: 7, slot: 18 },
    { validator: 4, slot: 17 },
  ];

  it('may propose twice in an epoch', () => {
    const table = tableOf('proposer', [...twice, ...twice]);
    expect(table.size).toBe(3);
    expect(table.rowsOf(4).map((row) => table.slotOf(row))).toEqual([17, 22]);
    expect([table.rowAt(17, 4), table.rowAt(18, 4), table.rowAt(22, 4)]).toEqual([0, -1, 2]);
  });

  it('in another slot has another duty: one lost, one won', () => {
    const after = tableOf('proposer', [twice[0]!, twice[1]!, { validator: 4, slot: 19 }]);
    expect(diffTables(tableOf('proposer', twice), after)).toEqual({ added: [4], removed: [4], moved: [] });
  });

  it('losing both slots is named once', () => {
    const after = tableOf('proposer', [twice[1]!]);
    expect(diffTables(tableOf('proposer', twice), after)).toEqual({ added: [], removed: [4], moved: [] });
    expect(diffTables(after, tableOf('proposer', twice))).toEqual({ added: [4], removed: [], moved: [] });
  });

  it('that is nobody of ours does not count', () => {
    const mine = Uint32Array.of(7);
    expect(diffTables(tableOf('proposer', twice), tableOf('proposer', []), mine)).toEqual({
      added: [],
      removed: [7],
      moved: [],
    });
  });
});

describe('a large table', () => {
  const rows = Array.from({ length: 100_000 }, (_, i) => ({
    validator: (i * 7919) % 100_000,
    slot: firstSlot + ((i * 31) % slotCount),
    committee: i % 64,
  }));

  it('costs at most 24 bytes a duty, whether whole, merged or cut', () => {
    const table = tableOf('attester', rows);
    const halves = [rows.slice(0, 50_000), rows.slice(50_000)] as const;
    const merged = tableOf('attester', halves[0]).merge(
      answerOf('attester', halves[1]),
      ascending(halves[1].map((row) => row.validator)),
    );
    const cut = table.remove(new Set(halves[0].map((row) => row.validator)));
    expect([table.size, merged.size, cut.size]).toEqual([100_000, 100_000, 50_000]);
    for (const each of [table, merged, cut]) {
      const perDuty = bufferBytesOf(each) / each.size;
      // Validator, order by validator, validators asked: 4 bytes each. Four small fields: 2 each.
      expect(perDuty).toBeGreaterThanOrEqual(20);
      expect(perDuty).toBeLessThanOrEqual(24);
    }
  });

  it('keeps its order where another sorting method takes over', () => {
    const table = tableOf('attester', rows);
    const { from, to } = table.rowsAt(firstSlot + 3);
    const expected = rows.filter((row) => row.slot === firstSlot + 3).map((row) => row.validator);
    expect([...table.validator.subarray(from, to)]).toEqual(expected.sort((a, b) => a - b));
    expect(validatorsIn(table)).toHaveLength(100_000);
    expect(isEmptyDiff(diffTables(table, tableOf('attester', [...rows].reverse())))).toBe(true);
  });
});
