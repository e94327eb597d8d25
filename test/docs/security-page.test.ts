import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const lines = readFileSync(join(ROOT, 'docs/security.md'), 'utf8').split('\n');
/** Rows of tables without their headings. */
const claims = lines.filter(
  (line, i) => line.startsWith('|') && !/^\|[\s-|]+$/.test(line) && !(lines[i + 1] ?? '').startsWith('| -'),
);

test('each claim names a test', () => {
  expect(claims.length).toBeGreaterThan(30);
  expect(claims.filter((claim) => !/`test\/[\w./-]+\.test\.ts`[\s|]*$/.test(claim))).toEqual([]);
});

test('each test that is named exists', () => {
  const named = new Set([...lines.join('\n').matchAll(/`(test\/[^`]+)`/g)].map(([, path]) => path!));
  expect([...named].filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});
