import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mutant } from './mutants.js';

export const ROOT = join(import.meta.dirname, '..', '..');
const COPIED = ['machines', 'services', 'src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts'];

/** Which tests look at a mutant: first those that take seconds. */
const ROUNDS = [['test/machines', 'test/services/clock'], ['test/model'], ['test/system']];
/** A mutant that makes the tests hang is noticed too. */
const PATIENCE_MS = 180_000;

/** The source with the mistake in it. Throws where the place is not exactly one. */
function mutated(source: string, { file, search, replacement }: Mutant): string {
  const parts = source.split(search);
  if (parts.length !== 2) throw new Error(`${file}: found ${parts.length - 1} times: ${search}`);
  return parts.join(replacement);
}

/** A copy of the repository in a temporary folder, in which mistakes are made one at a time. */
export class MutatedCopy {
  readonly #folder = mkdtempSync(join(tmpdir(), 'mutants-'));

  constructor() {
    for (const name of COPIED) cpSync(join(ROOT, name), join(this.#folder, name), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(this.#folder, 'node_modules'), 'dir');
  }

  /** Throws where the place of a mutant is not exactly one. */
  check(mutant: Mutant): void {
    mutated(readFileSync(join(this.#folder, mutant.file), 'utf8'), mutant);
  }

  /** Whether the fast tests fail with the mistake made; without one, whether they fail at all. */
  async isNoticed(mutant?: Mutant): Promise<boolean> {
    if (mutant === undefined) return this.#fails();
    const path = join(this.#folder, mutant.file);
    const source = readFileSync(path, 'utf8');
    writeFileSync(path, mutated(source, mutant));
    try {
      return await this.#fails();
    } finally {
      writeFileSync(path, source);
    }
  }

  async #fails(): Promise<boolean> {
    for (const round of ROUNDS) if (!(await this.#pass(round))) return true;
    return false;
  }

  #pass(folders: readonly string[]): Promise<boolean> {
    const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
    const args = [vitest, 'run', '--project', 'logic', '--bail', '1', '--reporter', 'dot', ...folders];
    const child = spawn(process.execPath, args, { cwd: this.#folder, stdio: 'ignore', timeout: PATIENCE_MS });
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => resolve(code === 0));
    });
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
