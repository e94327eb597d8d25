import type { Slot } from '../../machines/rules/chain-time.js';
import type { ValidatorIndex } from '../../machines/rules/duties.js';
import { ConfigurationError } from '../chain-loader.js';
import { readJournalParts, type GapPolicy } from '../recording/journal-files.js';
import { UnreadableJournal } from '../recording/turns.js';
import { DutyHistory } from './duty-history.js';
import type { Explanation } from './explanation.js';

/**
 * Reads the journal of a data directory, that of a running process too, and tells what it says of a validator in a
 * slot. Rejects with a {@link ConfigurationError} where there is no journal.
 */
export async function explainFromJournal(
  dataDirectory: string,
  { slot, validator }: { readonly slot: Slot; readonly validator: ValidatorIndex },
): Promise<Explanation> {
  const history = new DutyHistory(slot, validator);
  const gone: string[] = [];
  const unreadable = new Map<string, number>();
  const noteUnreadable = (file: string) => void unreadable.set(file, (unreadable.get(file) ?? 0) + 1);
  // What is there is worth telling, whatever is not.
  const gaps: GapPolicy = { onUnreadable: noteUnreadable, onGone: (file) => void gone.push(file) };
  try {
    for await (const part of readJournalParts(dataDirectory, gaps)) {
      try {
        history.take(part);
      } catch (error) {
        if (part.part === 'segment') throw error;
        // It lacks what its type has.
        noteUnreadable((part.part === 'turn' ? part.turn : part).place.file);
      }
    }
  } catch (error) {
    if (error instanceof UnreadableJournal) throw new ConfigurationError(`--data-dir ${error.message}`);
    throw error;
  }
  return history.explain([
    ...[...unreadable].map(([file, lines]) => `${file}: ${lines} lines cannot be read`),
    ...gone.map((file) => `${file} went while the journal was read`),
  ]);
}
