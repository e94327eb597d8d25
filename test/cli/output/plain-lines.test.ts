import { describe, expect, test } from 'vitest';
import { plainLine } from '../../../src/cli/output/plain-lines.js';
import { due, dueOffset, executed, line, STARTED, tallyOf } from './lines.js';

const AT = new Date(2026, 0, 2, 3, 4, 5, 67).getTime();

function plain(...lines: Parameters<typeof tallyOf>): string | undefined {
  return plainLine({ ...lines.at(-1)!, time: AT }, tallyOf(...lines.slice(0, -1)), dueOffset);
}

describe('a plain line', () => {
  test('has local time, slot and subject in columns', () => {
    expect(plain(line({ type: 'slots-skipped', from: 3, to: 5 }, 6))).toBe(
      '03:04:05.067  slot 6         clock                        slots 3 to 5 were skipped',
    );
  });

  test('says of a duty that was met what started it and how early it was', () => {
    expect(plain(STARTED, due('attester', 5, 'head', 1, 2), executed('attester', 5, 166, 1, 2))).toContain(
      'attester                     met by the head, 500 ms early: validators 1 2',
    );
    expect(plain(STARTED, due('attester', 5, 'deadline', 1), executed('attester', 5, 670, 1))).toContain(
      'met at the due point, 4 ms past due: validator 1',
    );
    expect(plain(STARTED, due('proposer', 5, 'slot-start', 1), executed('proposer', 5, 4, 1))).toContain(
      'met at the slot start, 4 ms into slot: validator 1',
    );
    expect(plain(STARTED, due('attester', 5, 'late', 1), executed('attester', 5, 2400, 1))).toContain(
      'met late: validator 1',
    );
  });

  test('is not written for a duty that is only due', () => {
    expect(plain(STARTED, due('attester', 5, 'head', 1))).toBeUndefined();
  });

  test('names the first validators only', () => {
    const many = Array.from({ length: 11 }, (_, index) => index);
    expect(plain(STARTED, executed('attester', 5, 166, ...many))).toContain('validators 0 1 2 3 4 5 6 7 and 3 more');
  });
});
