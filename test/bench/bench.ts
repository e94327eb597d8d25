/** `npm run bench -- [<name> …] [--markdown]` */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BENCHMARKS } from './benchmarks.js';
import type { Benchmark, Finding } from './support/benchmark.js';
import { describeMachine } from './support/machine.js';
import { markdownTable, textTable } from './support/tables.js';
import { updateSections } from './support/performance-page.js';

const PAGE = 'docs/performance.md';
const RUN_ONE = fileURLToPath(new URL('./run-one.js', import.meta.url));

/** Runs a benchmark in a process of its own, so that none inherits the heap or the compiled code of another. */
function run({ name }: Benchmark): Promise<Finding[]> {
  return new Promise((resolve, reject) => {
    const child = fork(RUN_ONE, [name], { execArgv: ['--expose-gc'] });
    let findings: Finding[] | undefined;
    child.on('message', (message) => (findings = message as Finding[]));
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (code === 0 && findings !== undefined) resolve(findings);
      else reject(new Error(`${name} ended with ${signal ?? `exit code ${code}`}`));
    });
  });
}

async function main(): Promise<number> {
  let chosen: readonly Benchmark[];
  let markdown: boolean;
  try {
    const { values, positionals } = parseArgs({ allowPositionals: true, options: { markdown: { type: 'boolean' } } });
    markdown = values.markdown === true;
    const unknown = positionals.find((name) => !BENCHMARKS.some((benchmark) => benchmark.name === name));
    if (unknown !== undefined) {
      throw new RangeError(`no benchmark '${unknown}'; there are ${BENCHMARKS.map(({ name }) => name).join(', ')}`);
    }
    chosen = BENCHMARKS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  }
  const machine = describeMachine();
  process.stdout.write(`${machine}\n`);
  const sections = new Map([['machine', machine]]);
  let failed = false;
  for (const benchmark of chosen) {
    process.stdout.write(`\n${benchmark.title} (${benchmark.name})\n`);
    try {
      const findings = await run(benchmark);
      process.stdout.write(textTable(findings));
      sections.set(benchmark.name, markdownTable(findings));
    } catch (error) {
      failed = true;
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
  if (markdown) await updateSections(PAGE, sections);
  return failed ? 1 : 0;
}

process.exitCode = await main();
