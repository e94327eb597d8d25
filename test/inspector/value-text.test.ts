import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClaimLedger } from '../../machines/rules/at-most-once.js';
import { Registry } from '../../machines/rules/registry.js';
import { ValueText } from '../../src/inspector/value-text.js';
import { tableOf } from '../support/tables.js';

const text = new ValueText({ leftOut: new Set(['clock']), unchanging: [Registry] });
const shown = (value: unknown): unknown => JSON.parse(text.of(value));

describe('the text of a value', () => {
  it('is JSON, and short, whatever the value', () => {
    const values = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
    });
    fc.assert(
      fc.property(values, (value) => {
        JSON.parse(text.of(value));
      }),
    );
    expect(text.of(Array.from({ length: 1e5 }, (_, index) => ({ index }))).length).toBeLessThan(200);
    expect(text.of('x'.repeat(1e6)).length).toBeLessThan(300);
  });

  it('is that of JSON for what is small', () => {
    const value = { slot: 7, root: '0x"', nothing: null, list: [1, 2], deep: { is: true } };
    expect(shown(value)).toEqual(value);
  });

  it('leaves out functions and what is to be left out, and counts what is long', () => {
    expect(shown({ clock: 1, run: () => 1, lists: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] })).toEqual({
      lists: [1, 2, 3, 4, 5, 6, 7, 8, '… 2 more'],
    });
    expect(shown(new Map(Array.from({ length: 9 }, (_, key) => [key, key])))).toMatchObject({ 7: 7, '…': '1 more' });
    expect(shown([{ a: 1 }, { a: 2 }, { a: 3 }])).toEqual([{ a: 1 }, { a: 2 }, '… 1 more']);
  });

  it('summarises tables, registry and claims', () => {
    const table = tableOf('attester', [{ validator: 3, slot: 17 }]);
    expect(shown({ table })).toMatchObject({ table: { role: 'attester', duties: 1 } });
    expect(shown({ registry: Registry.EMPTY })).toEqual({ registry: {} });
    const claims = new ClaimLedger();
    const context = { claims };
    expect(shown(context)).toEqual({ claims: { validators: 0, slots: 0 } });
    claims.claim({ kind: 'attester', slot: 1, epoch: 0, validators: [1, 2] });
    expect(shown({ claims })).toEqual({ claims: { validators: 2, slots: 1 } });
  });

  it('survives what throws, and what goes round in circles', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    expect(() => JSON.stringify(shown(circle))).not.toThrow();
    const hostile = {
      get context(): never {
        throw new Error('not for you');
      },
    };
    expect(shown(hostile)).toBe('unreadable: not for you');
  });

  it('is the same whatever was shown before in its place', () => {
    const values = fc.anything({
      withBigInt: true,
      withMap: true,
      withSet: true,
      maxKeys: 3,
      key: fc.constantFrom('a', 'b', 'clock'),
    });
    fc.assert(
      fc.property(values, values, fc.boolean(), (before, after, isWithin) => {
        const [first, second] = isWithin
          ? [
              { slot: 1, before },
              { slot: 1, before: after },
            ]
          : [before, after];
        expect(text.show(second, text.show(first, undefined)).text).toBe(text.show(second, undefined).text);
      }),
    );
  });

  it('is made again only where something changed', () => {
    let reads = 0;
    const plan = {
      get tables() {
        return ++reads;
      },
    };
    const first = text.show({ slot: 1, plan, executions: new Map([['attester-1', { plan }]]) }, undefined);
    expect(reads).toBe(2);
    const second = text.show(
      { ...(first.value as object), slot: 2, executions: new Map([['attester-1', { plan }]]) },
      first,
    );
    expect(JSON.parse(second.text!)).toEqual({
      slot: 2,
      plan: { tables: 1 },
      executions: { 'attester-1': { plan: { tables: 2 } } },
    });
    expect(reads).toBe(2);
  });

  it('is made again where something may have changed within', () => {
    const claims = new ClaimLedger();
    const context = { deep: { claims } };
    const first = text.show(context, undefined);
    claims.claim({ kind: 'attester', slot: 1, epoch: 0, validators: [1, 2] });
    expect(JSON.parse(text.show(context, first).text!)).toEqual({ deep: { claims: { validators: 2, slots: 1 } } });
    const registry = { registry: Registry.EMPTY };
    expect(text.show(registry, text.show({ ...registry }, undefined)).lasts).toBe(true);
  });
});
