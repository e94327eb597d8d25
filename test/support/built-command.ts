import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
const SOURCES = ['machines', 'services', 'src', 'tsconfig.json', 'tsconfig.build.json'];
const CACHE = join(ROOT, 'node_modules', '.cache', 'built-command');
const KEPT_MS = 24 * 3600 * 1000;

let built: string | undefined;

/** Path of the compiled command, built from the sources as they are now unless that has been done before. */
export function builtCommand(): string {
  built ??= join(buildOnce(), 'src', 'cli', 'main.js');
  return built;
}

function buildOnce(): string {
  const folder = join(CACHE, stateOfSources());
  if (existsSync(folder)) return folder;
  removeOldBuilds();
  // Each builds for itself and the first one wins: a folder that is there is complete.
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  // Types are checked elsewhere; what is run here is what the compiler emits.
  for (const project of ['tsconfig.build.json', 'src/page']) {
    const flags = ['-p', project, '--outDir', unfinished, '--noCheck', '--declaration', 'false'];
    execFileSync(process.execPath, [compiler(), ...flags], { cwd: ROOT, stdio: 'inherit' });
  }
  writeFileSync(join(unfinished, 'package.json'), '{"type":"module"}\n');
  try {
    renameSync(unfinished, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
    rmSync(unfinished, { recursive: true });
  }
  return folder;
}

function compiler(): string {
  return createRequire(import.meta.url).resolve('typescript/bin/tsc');
}

function stateOfSources(): string {
  let newest = 0;
  let files = 0;
  const visit = (path: string): void => {
    const stat = statSync(path);
    if (stat.isDirectory()) {
      for (const name of readdirSync(path)) visit(join(path, name));
    } else {
      newest = Math.max(newest, Math.ceil(stat.mtimeMs));
      files += 1;
    }
  };
  for (const source of SOURCES) visit(join(ROOT, source));
  return `${newest}-${files}`;
}

function removeOldBuilds(): void {
  if (!existsSync(CACHE)) return;
  for (const name of readdirSync(CACHE)) {
    const folder = join(CACHE, name);
    if (Date.now() - statSync(folder).mtimeMs > KEPT_MS) rmSync(folder, { recursive: true, force: true });
  }
}
