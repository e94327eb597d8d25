import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readValidators } from '../../src/cli/validators-file.js';

const PUBKEY = `0x${'aB'.repeat(48)}`;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'validators-file-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function file(content: string, name = 'validators.txt'): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('validators', () => {
  test.each([
    ['7', ['7']],
    [' 7 , 0012,7 ', ['7', '12']],
    [`${PUBKEY},3,${PUBKEY.toLowerCase()}`, [PUBKEY.toLowerCase(), '3']],
  ])('as a list: %s', (text, ids) => {
    expect(readValidators(text)).toEqual(ids);
  });

  test('as a list longer than the name of a file can be', () => {
    const names = Array.from({ length: 1000 }, (_, index) => String(index));
    expect(readValidators(names.join(','))).toEqual(names);
  });

  test('as a file: comments, empty lines, line ends of any kind, a byte order mark, one named twice', () => {
    const path = file(`\uFEFF# ours\r\n1\r\n\r\n  2 # the second\n${PUBKEY}\n1\n3`);
    expect(readValidators(path)).toEqual(['1', '2', PUBKEY.toLowerCase(), '3']);
  });

  test('a file whose name could be part of a list', () => {
    expect(readValidators(file('5\n', '1,2'))).toEqual(['5']);
  });

  test('one name a line', () => {
    expect(() => readValidators(file('1\n2,3\n'))).toThrow(/line 2: "2,3" is neither/);
  });
});
