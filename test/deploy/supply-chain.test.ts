import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

interface Locked {
  readonly integrity?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
}
const { packages } = JSON.parse(read('package-lock.json')) as { packages: Readonly<Record<string, Locked>> };
const installed = Object.entries(packages).filter(
  ([path, { link }]) => path.includes('node_modules/') && link !== true,
);

test('every package is pinned by its hash', () => {
  expect(installed.length).toBeGreaterThan(100);
  expect(installed.filter(([, { integrity }]) => integrity?.startsWith('sha512-') !== true)).toEqual([]);
});

test('one package has an install script, and brings the binary that it would look for', () => {
  const scripted = installed.filter(([, { hasInstallScript }]) => hasInstallScript === true).map(([path]) => path);
  expect(scripted).toEqual(['node_modules/classic-level']);
  expect(existsSync(join(ROOT, 'node_modules/classic-level/prebuilds'))).toBe(true);
  const { allowScripts } = JSON.parse(read('package.json')) as { allowScripts: unknown };
  expect(allowScripts).toEqual({ 'classic-level': false });
});

test("the unit's files are for its own user alone", () => {
  const unit = read('deploy/ssv-duty-scheduler.service');
  for (const setting of ['UMask=0077', 'DynamicUser=yes', 'NoNewPrivileges=yes', 'ProtectSystem=strict']) {
    expect(unit).toContain(`\n${setting}\n`);
  }
});
