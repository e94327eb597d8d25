import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { ConfigurationError } from '../chain-loader.js';
import { identityOf, parseIdentity, requireSameChain, type ChainIdentity } from './chain-identity.js';
import { reasonOf } from './reason.js';

export type StateStore = ClassicLevel<string, string>;

const CHAIN_KEY = 'chain';

/**
 * Opens the key-value store of a data directory. Its lock is the lock of the whole directory: the system drops it with
 * the process, however that ends. Rejects with a {@link ConfigurationError} where another process holds it, where the
 * directory belongs to another chain, and where the store cannot be opened.
 */
export async function openStateStore(dataDirectory: string, chain: ChainIdentity): Promise<StateStore> {
  const store: StateStore = new ClassicLevel(join(dataDirectory, 'state'));
  try {
    await store.open();
  } catch (error) {
    throw new ConfigurationError(whyNotOpened(dataDirectory, error));
  }
  try {
    const written = await store.get(CHAIN_KEY);
    if (written !== undefined) requireSameChain(dataDirectory, ownerIn(written, dataDirectory), chain);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Writes down whose the directory is from now on. */
export async function keepForChain(store: StateStore, chain: ChainIdentity): Promise<void> {
  await store.put(CHAIN_KEY, JSON.stringify(identityOf(chain)), { sync: true });
}

function ownerIn(text: string, dataDirectory: string): ChainIdentity {
  const owner = identityIn(text);
  if (owner !== undefined) return owner;
  throw new ConfigurationError(`--data-dir ${dataDirectory}: the state store holds no readable chain identity`);
}

function identityIn(text: string): ChainIdentity | undefined {
  try {
    return parseIdentity(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function whyNotOpened(dataDirectory: string, error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'LEVEL_LOCKED') return `--data-dir ${dataDirectory} is in use by another process`;
  if (code === 'LEVEL_CORRUPTION') {
    return `--data-dir ${dataDirectory}: the state store is damaged (${reasonOf(cause)}); move its folder state away`;
  }
  return `--data-dir ${dataDirectory}: its folder state cannot be opened: ${reasonOf(cause)}`;
}
