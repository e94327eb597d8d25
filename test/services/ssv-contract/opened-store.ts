import { onTestFinished } from 'vitest';
import { ConfigurationError } from '../../../services/chain-loader.js';
import { openStateStore, type StateStore } from '../../../services/data-directory/state-store.js';
import { ContractStore, type ContractStoreOptions } from '../../../services/ssv-contract/contract-store.js';
import type { ContractIdentity } from '../../../services/ssv-contract/store-records.js';
import { testChain } from '../../support/chain.js';
import { temporaryFolder } from '../data-directory/temporary-folder.js';

export const IDENTITY: ContractIdentity = { chainId: 17, contract: `0x${'c0'.repeat(20)}`, startBlock: 1 };

/** A key-value store of its own, closed after the test. */
export async function openState(folder?: string): Promise<StateStore> {
  const state = await openStateStore(folder ?? (await temporaryFolder()), testChain());
  onTestFinished(() => state.close());
  return state;
}

export function openStore(state: StateStore, options: Partial<ContractStoreOptions> = {}): Promise<ContractStore> {
  return ContractStore.open({ state, dataDir: './data', identity: IDENTITY, ...options });
}

/** The message with which a store refuses to open. */
export async function refusalOf(state: StateStore, options: Partial<ContractStoreOptions> = {}): Promise<string> {
  try {
    await openStore(state, options);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw new Error('refused, but not with a ConfigurationError', { cause: error });
  }
  throw new Error('opened');
}

/** Everything that is stored of the contract. */
export async function recordsOf(state: StateStore): Promise<[string, string][]> {
  return (await state.iterator().all()).filter(([key]) => key !== 'chain');
}
