import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** What comes before a suffix in the names of a folder's files. */
function namesIn(folder: string, suffix: string): string[] {
  const files = readdirSync(folder).filter((file) => file.endsWith(suffix));
  return files.map((file) => file.slice(0, -suffix.length)).sort();
}

test('every chart has its generated paths', () => {
  const charts = namesIn(join(import.meta.dirname, '..', '..', 'machines'), '.machine.ts');
  expect(namesIn(import.meta.dirname, '.paths.test.ts')).toEqual(charts);
});
