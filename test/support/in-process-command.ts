import type { CommandHost } from '../../src/cli/command-host.js';
import { runCommandLine } from '../../src/cli/command-line.js';
import { DiagnosticsLog } from '../../src/cli/diagnostics-log.js';

/** The command line without a process: what it writes, and its exit code. */
export async function runInProcess(args: readonly string[]) {
  const written = { stdout: '', stderr: '' };
  const stdout = { write: (text: string) => (written.stdout += text) };
  const stderr = { write: (text: string) => (written.stderr += text) };
  const host: CommandHost = {
    stdout: stdout as never,
    stderr,
    log: new DiagnosticsLog(stderr, false),
    // What would start nevertheless is stopped at once.
    stop: { requested: Promise.resolve('sigint'), request: () => undefined },
    crashed: new Promise<never>(() => undefined),
    colours: () => false,
    isScreen: () => false,
    flush: () => Promise.resolve(),
  };
  return { code: await runCommandLine(args, host), ...written };
}
