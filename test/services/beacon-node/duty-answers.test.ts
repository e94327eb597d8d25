import { describe, expect, it } from 'vitest';
import {
  readAttesterDuties,
  readProposerDuties,
  readSyncDuties,
  slotRange,
} from '../../../services/beacon-node/duty-answers.js';
import { attesterAnswer, attesterRow, proposerRow, ROOT_A, syncRow } from './wire-bodies.js';

const EPOCH_5 = slotRange(5, 8);
const asked = Uint32Array.of(1, 2, 9);

const attester = (body: unknown) => readAttesterDuties('POST /attester', JSON.stringify(body), asked, EPOCH_5);
const proposer = (body: unknown) => readProposerDuties('GET /proposer', JSON.stringify(body), EPOCH_5);
const sync = (body: unknown) => readSyncDuties('POST /sync', JSON.stringify(body), asked);

describe('attester duties', () => {
  it('become columns, in the order of the answer, without the rows of others', () => {
    const rows = [attesterRow(9, 47), attesterRow(5, 41), { ...attesterRow(1, 40), committee_index: 63 }];
    const part = attester(attesterAnswer(rows, ROOT_A.toUpperCase().replace('0X', '0x')));
    expect(part).toEqual({
      dependentRoot: ROOT_A,
      columns: {
        validator: Uint32Array.of(9, 1),
        slot: Uint32Array.of(47, 40),
        fields: {
          committeeIndex: Uint16Array.of(3, 63),
          committeeLength: Uint16Array.of(16, 16),
          committeesAtSlot: Uint16Array.of(4, 4),
          validatorCommitteeIndex: Uint16Array.of(7, 7),
        },
      },
    });
  });

  it('keeps duplicates: the table decides', () => {
    const part = attester(attesterAnswer([attesterRow(1, 40), attesterRow(1, 40)]));
    expect([...part.columns.validator]).toEqual([1, 1]);
  });

  it('minds nothing in a row of another validator', () => {
    expect(attester(attesterAnswer([{ validator_index: '77', slot: 'junk' }])).columns.validator).toHaveLength(0);
  });

  it.each([39, 48])('refuses slot %d, which is outside epoch 5', (slot) => {
    const rows = [attesterRow(1, 40), attesterRow(2, slot)];
    expect(() => attester(attesterAnswer(rows))).toThrow(`POST /attester: data[1].slot: ${slot} is outside`);
  });

  it('takes any slot while the length of an epoch is unknown', () => {
    const body = JSON.stringify(attesterAnswer([attesterRow(1, 999)]));
    const part = readAttesterDuties('e', body, asked, slotRange(5, undefined));
    expect(part.columns.slot).toEqual(Uint32Array.of(999));
  });

  it.each(['validator_index', 'slot'])('takes %s up to 2^32 − 1', (field) => {
    const row = { ...attesterRow(1, 40), [field]: '4294967296' };
    expect(() => attester(attesterAnswer([attesterRow(2, 41), row]))).toThrow(
      `data[1].${field}: expected a decimal number up to 4294967295`,
    );
  });

  it.each(['committee_index', 'committee_length', 'committees_at_slot', 'validator_committee_index'])(
    'takes %s up to 65535, and wants it',
    (field) => {
      const message = `data[0].${field}: expected a decimal number up to 65535`;
      for (const value of ['65536', undefined, null, '', '1.5', {}]) {
        expect(() => attester(attesterAnswer([{ ...attesterRow(1, 40), [field]: value }]))).toThrow(message);
      }
      const largest = attester(attesterAnswer([{ ...attesterRow(1, 40), [field]: '65535' }]));
      expect(Object.values(largest.columns.fields).filter((column) => column[0] === 65535)).toHaveLength(1);
    },
  );

  it('wants a dependent root', () => {
    for (const root of [undefined, null, '0x', 'root']) {
      expect(() => attester({ data: [], dependent_root: root })).toThrow('POST /attester: dependent_root: expected');
    }
  });

  it.each([
    ['', 'answer: expected JSON'],
    ['<html>', 'answer: expected JSON'],
    ['[]', 'answer: expected an object'],
    ['{}', 'data: expected an array'],
    ['{"data":{}}', 'data: expected an array'],
    ['{"data":[5]}', 'data[0]: expected an object'],
  ])('refuses %s', (text, message) => {
    expect(() => readAttesterDuties('e', text, asked, EPOCH_5)).toThrow(`e: ${message}`);
  });
});

describe('proposer duties', () => {
  it("are everyone's, one validator as often as it proposes", () => {
    const part = proposer({ data: [proposerRow(4, 40), proposerRow(4, 47)], dependent_root: ROOT_A });
    expect(part).toEqual({
      dependentRoot: ROOT_A,
      columns: { validator: Uint32Array.of(4, 4), slot: Uint32Array.of(40, 47), fields: {} },
    });
  });

  it('have a dependent root and slots of the epoch', () => {
    expect(() => proposer({ data: [] })).toThrow('dependent_root');
    expect(() => proposer({ data: [proposerRow(4, 48)], dependent_root: ROOT_A })).toThrow('data[0].slot: 48 is');
  });
});

describe('sync committee duties', () => {
  it('keep every position, and know no root', () => {
    const part = sync({ data: [syncRow(2, ['511', 3]), syncRow(5, ['1']), syncRow(9, []), syncRow(1, ['0'])] });
    expect(part).toEqual({
      dependentRoot: null,
      columns: {
        validator: Uint32Array.of(2, 1),
        fields: {},
        positions: { offsets: Uint32Array.of(0, 2, 3), values: Uint16Array.of(511, 3, 0) },
      },
    });
  });

  it.each([['65536'], 'x', undefined, [null]].map((positions) => [positions]))('refuses positions %j', (positions) => {
    expect(() => sync({ data: [{ ...syncRow(1, []), validator_sync_committee_indices: positions }] })).toThrow(
      'POST /sync: data[0].validator_sync_committee_indices: expected',
    );
  });
});
