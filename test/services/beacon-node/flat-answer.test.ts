import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFlatAnswer } from '../../../services/beacon-node/flat-answer.js';

const FIELDS = ['index', 'slot'];

/** Members and rows as the short way reads them; undefined where it declines. */
function read(text: string) {
  const rows: number[][] = [];
  const members = readFlatAnswer(text, FIELDS, (values) => rows.push([...values]) > 0);
  return members && { members: Object.fromEntries(members), rows };
}

const row = (index: number | string, slot: number | string) => ({
  pubkey: '0xab',
  index: String(index),
  slot: String(slot),
});

describe('readFlatAnswer', () => {
  it('reads members and rows', () => {
    const text = JSON.stringify({
      dependent_root: '0x1',
      optimistic: false,
      data: [row(1, 2), row(4294967295, 0)],
      n: 7,
    });
    expect(read(text)).toEqual({
      members: { dependent_root: '0x1', optimistic: 'false', n: '7' },
      rows: [
        [1, 2],
        [4294967295, 0],
      ],
    });
    expect(read('{"data":[]}')).toEqual({ members: {}, rows: [] });
  });

  it('declines where the taker says no', () => {
    expect(readFlatAnswer(JSON.stringify({ data: [row(1, 2)] }), FIELDS, () => false)).toBeUndefined();
  });

  it.each([
    ['no JSON', '<html>'],
    ['nothing', ''],
    ['no data', '{"a":"b"}'],
    ['data twice', '{"data":[],"data":[]}'],
    ['a member twice', '{"a":"b","a":"c","data":[]}'],
    ['text after it', '{"data":[]} '],
    ['spaces', JSON.stringify({ data: [row(1, 2)] }, null, 1)],
    ['numbers', '{"data":[{"index":1,"slot":2}]}'],
    ['a field missing', '{"data":[{"index":"1"}]}'],
    ['a field twice', '{"data":[{"index":"1","slot":"2","slot":"3"}]}'],
    ['rows unlike the first', JSON.stringify({ data: [row(1, 2), { slot: '1', index: '2', pubkey: '' }] })],
    ['a row with more', JSON.stringify({ data: [row(1, 2), { ...row(1, 2), more: '1' }] })],
    ['an escape in a row', JSON.stringify({ data: [row(1, 2), { ...row(1, 2), pubkey: 'a"b\\' }] })],
    ['an escaped quote that looks like an end', '{"data":[{"pubkey":"a\\","index":"1","slot":"2"}]}'],
    ['an escape beside data', JSON.stringify({ a: 'b"\\', data: [] })],
    ['an object beside data', '{"a":{},"data":[]}'],
    ['no digits', JSON.stringify({ data: [row('', 2)] })],
    ['a sign', JSON.stringify({ data: [row('-1', 2)] })],
    ['too many digits', JSON.stringify({ data: [row('12345678901', 2)] })],
    ['letters beyond ASCII', JSON.stringify({ a: 'é', data: [row(1, 2)] })],
    ['a list that does not end', '{"data":[{"index":"1","slot":"2"}'],
    ['a list with a comma at its end', '{"data":[{"index":"1","slot":"2"},]}'],
  ])('declines %s', (_title, text) => {
    expect(read(text)).toBeUndefined();
  });

  it('reads what JSON.parse reads, or declines', () => {
    const value = fc.oneof(fc.nat().map(String), fc.string({ maxLength: 5 }));
    const rows = fc.array(fc.record({ pubkey: fc.string({ maxLength: 8 }), index: value, slot: value }), {
      maxLength: 4,
    });
    fc.assert(
      fc.property(rows, fc.string({ maxLength: 6 }), (data, root) => {
        const text = JSON.stringify({ root, data });
        const found = read(text);
        if (found === undefined) return;
        expect(found.members).toEqual({ root });
        expect(found.rows).toEqual(data.map(({ index, slot }) => [Number(index), Number(slot)]));
      }),
    );
  });

  it('takes no broken text for a whole one', () => {
    const whole = JSON.stringify({ root: '0x1', data: [row(1, 2), row(3, 4)] });
    fc.assert(
      fc.property(
        fc.nat(whole.length - 1),
        fc.nat(2),
        fc.constantFrom('', '"', '\\', ',', '}', ']', '{'),
        (at, cut, put) => {
          const text = whole.slice(0, at) + put + whole.slice(at + cut);
          const found = read(text);
          if (found === undefined) return;
          const { data, ...members } = JSON.parse(text) as { data: Record<string, string>[] };
          expect(found.members).toEqual(members);
          expect(found.rows).toEqual(data.map((fields) => FIELDS.map((field) => Number(fields[field]))));
        },
      ),
    );
  });
});
