import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClaimLedger } from '../../machines/rules/at-most-once.js';
import { Registry } from '../../machines/rules/registry.js';
import { onceText, stateText, valueText } from '../../src/inspector/value-text.js';
import { tableOf } from '../support/tables.js';

const shown = (value: unknown): unknown => JSON.parse(valueText(value) ?? 'null');

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
        shown(value);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (text) => {
        expect(shown({ [text]: text })).toEqual({ [text]: text });
      }),
    );
    expect(valueText(Array.from({ length: 1e5 }, (_, index) => ({ index })))!.length).toBeLessThan(200);
    expect(valueText('x'.repeat(1e6))!.length).toBeLessThan(300);
    const wide = Object.fromEntries(Array.from({ length: 1e4 }, (_, index) => [`key${index}`, index]));
    expect(shown(wide)).toMatchObject({ key39: 39, '…': '9960 more' });
  });

  it('is that of JSON for what is small', () => {
    const value = { slot: 7, root: '0x"', nothing: null, list: [1, 2], deep: { is: true } };
    expect(shown(value)).toEqual(value);
  });

  it('leaves out functions, and counts what is long', () => {
    expect(shown({ run: () => 1, lists: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] })).toEqual({
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
    claims.claim({ kind: 'attester', slot: 1, epoch: 0, validators: [1, 2] });
    expect(shown({ claims })).toEqual({ claims: { validators: 2, slots: 1 } });
  });

  it('ends where something goes round in circles', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    expect(shown(circle)).toEqual({ self: { self: { self: { self: '1 fields' } } } });
  });

  it('is that of JSON for the states of a machine', () => {
    for (const state of ['idle', { health: 'asking', stream: { streaming: 'listening' } }, { 'a "b"': 'c\\d' }, 7]) {
      expect(JSON.parse(stateText(state))).toEqual(state);
    }
  });

  it('is made once of what is immutable', () => {
    let made = 0;
    const plan = { tables: 1 };
    const make = () => `${++made}`;
    expect(onceText(plan, make)).toBe('1');
    expect(onceText(plan, make)).toBe('1');
    expect(onceText({ ...plan }, make)).toBe('2');
    expect(onceText(undefined, make)).toBe('null');
    expect(onceText({ ...plan })).toBe('{"tables":1}');
  });
});
