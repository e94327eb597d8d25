import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import type { JsonTestResults } from 'vitest/node';
import type { Mutant } from './mutants.js';

export const ROOT = join(import.meta.dirname, '..', '..');
/** Not in the copy: made from the rest, or none of the tests' business. */
const LEFT_OUT = ['node_modules', 'dist', '.git'];
const RESULTS = 'mutant-results.json';

/** A mutant that makes the tests hang is noticed too: every test ends within two minutes, and says so. */
const LONGEST_SILENCE_MS = 240_000;

/** What the tests say of a copy: nothing, or which of them failed first. */
export type Verdict = { readonly survives: true } | { readonly survives: false; readonly killedBy: string };

/** The source with the mistake in it. Throws where the place is not exactly one. */
function mutated(source: string, { file, search, replacement }: Mutant): string {
  const parts = source.split(search);
  if (parts.length !== 2) throw new Error(`${file}: found ${parts.length - 1} times: ${search}`);
  return parts.join(replacement);
}

/** Throws where the place of a mutant is not exactly one. */
export function assertFits(mutant: Mutant): void {
  mutated(readFileSync(join(ROOT, mutant.file), 'utf8'), mutant);
}

/** A copy of the repository in a temporary folder, in which mistakes are made one at a time. */
export class MutatedCopy {
  readonly #folder = mkdtempSync(join(tmpdir(), 'mutants-'));

  constructor() {
    for (const name of readdirSync(ROOT)) {
      if (!LEFT_OUT.includes(name)) cpSync(join(ROOT, name), join(this.#folder, name), { recursive: true });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(this.#folder, 'node_modules'), 'dir');
  }

  /** What the tests say with the mistake made; without one, whether they fail at all. */
  async verdictOn(mutant?: Mutant): Promise<Verdict> {
    if (mutant === undefined) return this.#test('');
    const path = join(this.#folder, mutant.file);
    const source = readFileSync(path, 'utf8');
    writeFileSync(path, mutated(source, mutant));
    try {
      return await this.#test(mutant.file);
    } finally {
      writeFileSync(path, source);
    }
  }

  async #test(mutatedFile: string): Promise<Verdict> {
    const results = join(this.#folder, RESULTS);
    rmSync(results, { force: true });
    const { code, lastWords } = await this.#run(mutatedFile, results);
    if (code === 0) return { survives: true };
    if (!existsSync(results)) return { survives: false, killedBy: `the tests hang after: ${lastWords}` };
    return { survives: false, killedBy: this.#firstFailure(results) };
  }

  #firstFailure(results: string): string {
    const { testResults } = JSON.parse(readFileSync(results, 'utf8')) as JsonTestResults;
    const failed = testResults.find(({ status }) => status === 'failed');
    if (failed === undefined) return 'an error outside of all tests';
    const test = failed.assertionResults.find(({ status }) => status === 'failed');
    return `${relative(this.#folder, failed.name)}: ${test?.fullName ?? failed.message}`;
  }

  #run(mutatedFile: string, results: string): Promise<{ code: number | null; lastWords: string }> {
    const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
    const reporters = ['--reporter', 'verbose', '--reporter', 'json', '--outputFile', results];
    const child = spawn(process.execPath, [vitest, 'run', '--config', 'test/mutants/ordered.config.ts', ...reporters], {
      cwd: this.#folder,
      stdio: ['ignore', 'pipe', 'ignore'],
      // A group of its own: what hangs is a worker of it, which would outlive it and keep a core busy.
      detached: true,
      env: { ...process.env, MUTATED_FILE: mutatedFile },
    });
    const giveUp = () => process.kill(-child.pid!, 'SIGKILL');
    process.once('exit', giveUp);
    let silence = setTimeout(giveUp, LONGEST_SILENCE_MS);
    let lastWords = '';
    child.stdout.on('data', (words: Buffer) => {
      clearTimeout(silence);
      silence = setTimeout(giveUp, LONGEST_SILENCE_MS);
      lastWords = words.toString().trim().split('\n').at(-1) ?? lastWords;
    });
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => {
        clearTimeout(silence);
        process.off('exit', giveUp);
        resolve({ code, lastWords });
      });
    });
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
