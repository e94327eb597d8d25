import { setTimeout as delay } from 'node:timers/promises';
import { CommanderError } from 'commander';
import type { CommandHost } from './command-host.js';
import { Failed } from './failed.js';
import { ownPackage } from '../package-root.js';
import { createProgram, type Commands } from './program.js';
import { UsageError } from './usage-error.js';
import { usageText } from './usage-text.js';
import { messageOf } from '../../machines/rules/message-of.js';

const CLEAN = 0;
const FAILED = 1;
const BAD_USAGE = 2;
/** Longer than a session needs to stop. */
const TIDYING_MS = 2000;

/** Carries out a command line (without node and script); resolves to the exit code, and never rejects. */
export async function runCommandLine(args: readonly string[], host: CommandHost): Promise<number> {
  // Each brings along what it needs alone: a start must not wait for what is not used.
  const commands: Commands = {
    run: async (settings) => (await import('./run-command.js')).runCommand(host, settings),
    devnet: async (settings) => (await import('./devnet-command.js')).devnetCommand(host, settings),
    replay: async (settings) => (await import('./replay-command.js')).replayCommand(host, settings),
    explain: async (settings) => (await import('./explain-command.js')).explainCommand(host, settings),
  };
  try {
    const program = createProgram(commands, ownPackage().version, (text) => void host.stdout.write(text));
    await Promise.race([program.parseAsync(args, { from: 'user' }), crashAfterTidying(host)]);
    return CLEAN;
  } catch (error) {
    return exitCodeFor(error, host);
  }
}

/** A command that still can tidies up first, and ends with the same error. */
async function crashAfterTidying({ crashed }: CommandHost): Promise<never> {
  try {
    return await crashed;
  } catch (error) {
    await delay(TIDYING_MS);
    throw error;
  }
}

function exitCodeFor(error: unknown, { stderr, log }: CommandHost): number {
  if (error instanceof CommanderError && error.exitCode === CLEAN) return CLEAN;
  if (error instanceof CommanderError || error instanceof UsageError) {
    stderr.write(`error: ${usageText(error)}\n`);
    return BAD_USAGE;
  }
  if (error instanceof Failed) return FAILED;
  log.say({ level: 'error', message: `unexpected: ${messageOf(error)}` });
  if (error instanceof Error && error.stack !== undefined) stderr.write(`${error.stack}\n`);
  return FAILED;
}
