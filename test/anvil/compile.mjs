// Compiles SsvEvents.sol into SsvEvents.json (ABI and bytecode). Needed only after a change of the source:
//   node test/anvil/compile.mjs
// The compiler is fetched for this one run; nothing of it is installed.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const COMPILER = 'solc@0.8.30';
const folder = import.meta.dirname;
const out = mkdtempSync(join(tmpdir(), 'solc-'));
try {
  const flags = ['--optimize', '--abi', '--bin', '--base-path', folder, '--output-dir', out];
  execFileSync('npx', ['--yes', '--package', COMPILER, 'solcjs', ...flags, join(folder, 'SsvEvents.sol')], {
    cwd: out,
    stdio: 'inherit',
  });
  const read = (ending) =>
    readFileSync(
      join(
        out,
        readdirSync(out).find((name) => name.endsWith(`SsvEvents.${ending}`)),
      ),
      'utf8',
    );
  const artefact = { compiler: COMPILER, abi: JSON.parse(read('abi')), bytecode: `0x${read('bin').trim()}` };
  writeFileSync(join(folder, 'SsvEvents.json'), `${JSON.stringify(artefact)}\n`);
} finally {
  rmSync(out, { recursive: true, force: true });
}
