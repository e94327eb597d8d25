import { CommanderError } from 'commander';
import { withoutControls } from './diagnostics-log.js';
import type { UsageError } from './usage-error.js';

/** What is wrong with a command line, in one line. A word that was not understood may be an address: no password of it is shown. */
export function usageText(error: CommanderError | UsageError): string {
  return withoutControls(said(error)).replace(/\/\/\S*@/g, '//…@');
}

function said(error: CommanderError | UsageError): string {
  if (!(error instanceof CommanderError)) return error.message;
  if (error.code === 'commander.help') {
    return 'a command is missing: devnet, run, replay or explain; --help explains them';
  }
  return error.message.replace(/^error: /, '');
}
