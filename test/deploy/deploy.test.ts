import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createProgram } from '../../src/cli/program.js';

const ROOT = join(import.meta.dirname, '../..');
const UNIT = readFileSync(join(ROOT, 'deploy/ssv-duty-scheduler.service'), 'utf8');
const CONTAINER = readFileSync(join(ROOT, 'deploy/Containerfile'), 'utf8');
const PACKAGE = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  bin: Record<string, string>;
  files: string[];
};
const NO_COMMANDS = {
  run: () => Promise.resolve(),
  devnet: () => Promise.resolve(),
  replay: () => Promise.resolve(),
  explain: () => Promise.resolve(),
};
const RUN = createProgram(NO_COMMANDS, '0', () => undefined).commands.find((command) => command.name() === 'run')!;
const FLAGS = RUN.options.map(({ long }) => long);

/** Variables that a file sets for the scheduler, as flags. */
function flagsSetIn(text: string): string[] {
  const names = [...text.matchAll(/SSV_DUTY_SCHEDULER_([A-Z_]+)=/g)].map(([, name]) => name!);
  return names.map((name) => `--${name.toLowerCase().replaceAll('_', '-')}`);
}

test.each([
  ['the unit', UNIT],
  ['the container file', CONTAINER],
])('%s sets flags that there are', (_, text) => {
  const flags = flagsSetIn(text);
  expect(flags).toContain('--data-dir');
  expect(flags.filter((flag) => !FLAGS.includes(flag))).toEqual([]);
});

test('the container starts the command, with the files it needs beside it', () => {
  expect(CONTAINER).toContain(`ENTRYPOINT ["node", "${PACKAGE.bin['ssv-duty-scheduler']!.replace('./', '')}"]`);
  const page = PACKAGE.files.filter((file) => file.startsWith('src/page/'));
  expect(page.length).toBe(2);
  for (const file of page) {
    expect(existsSync(join(ROOT, file))).toBe(true);
    expect(CONTAINER).toContain(`/build/${file}`);
  }
});

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
if (!hasSystemd) console.warn('The unit is not verified: there is no systemd-analyze.');

test.skipIf(!hasSystemd)('systemd takes the unit without a word', () => {
  const unit = join(ROOT, 'deploy/ssv-duty-scheduler.service');
  const { status, stdout, stderr } = spawnSync(
    'systemd-analyze',
    ['verify', '--man=no', '--recursive-errors=no', unit],
    {
      encoding: 'utf8',
    },
  );
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
});
