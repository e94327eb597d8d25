import { readFileSync, statSync } from 'node:fs';
import type { ValidatorId } from '../../machines/rules/validators.js';
import { ConfigurationError } from '../../services/chain-loader.js';
import { parseValidatorId } from '../validator-ids.js';
import { UsageError } from './usage-error.js';
import { messageOf } from '../../machines/rules/message-of.js';

/**
 * Reads a set of validators: indices and/or 0x pubkeys, comma separated, or the path of a file with one per line, where
 * `#` begins a comment. One named twice counts once. Throws a {@link UsageError} that names the file and the line.
 */
export function readValidators(text: string): readonly ValidatorId[] {
  const names = text.split(',').map((name) => name.trim());
  if (looksLikeList(names) && !isFile(text)) return distinct(names.map((name) => readName(name)));
  return readValidatorsFile(text);
}

function readValidatorsFile(path: string): readonly ValidatorId[] {
  const ids: ValidatorId[] = [];
  const lines = contentOf(path).split('\n');
  for (const [index, line] of lines.entries()) {
    const name = line.replace(/#.*/, '').trim();
    if (name !== '') ids.push(readName(name, `${path}, line ${index + 1}: `));
  }
  if (ids.length === 0) throw new UsageError(`${path} names no validator`);
  return distinct(ids);
}

/** A typing error in a list should not be reported as a missing file. */
function looksLikeList(names: readonly string[]): boolean {
  return names.some((name) => /^(\d+|0x[0-9a-f]*)$/i.test(name));
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    // Not there, or longer than the name of a file can be, as a list of many is.
    return false;
  }
}

function contentOf(path: string): string {
  if (path.trim() === '') throw new UsageError('names no validator');
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${whyUnreadable(error)}`);
  }
}

function whyUnreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EISDIR':
      return 'it is a folder';
    case 'EACCES':
      return 'permission denied';
    default:
      return messageOf(error);
  }
}

function readName(name: string, where = ''): ValidatorId {
  try {
    return parseValidatorId(name);
  } catch (error) {
    if (error instanceof ConfigurationError) throw new UsageError(where + error.message);
    throw error;
  }
}

function distinct(ids: readonly ValidatorId[]): readonly ValidatorId[] {
  return [...new Set(ids)];
}
