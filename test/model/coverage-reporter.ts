import process from 'node:process';
import type { Reporter, TestModule } from 'vitest/node';

/** Prints which transitions of the real charts the generated paths took; `npm run paths`. */
export default class CoverageReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const failed = tests.filter((test) => test.result().state === 'failed');
    const lines = [`${tests.length} tests, ${failed.length} failed`];
    lines.push(...failed.map((test) => `  failed: ${test.fullName}`));
    for (const test of tests) {
      const report = test.meta().transitions;
      if (report === undefined) continue;
      const { chart, taken, missing, explained } = report;
      lines.push('', `${chart}: ${taken.length} of ${taken.length + missing.length} transitions taken`);
      lines.push(...taken.map((name) => `  taken      ${name}`));
      lines.push(...missing.map((name) => `  not taken  ${name}: ${explained[name] ?? 'not explained'}`));
    }
    process.stdout.write(`${lines.join('\n')}\n`);
  }
}
