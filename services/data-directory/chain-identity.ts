import type { ChainSpec } from '../../machines/rules/chain-time.js';
import { ConfigurationError } from '../chain-loader.js';

/** What tells one chain from another, and gives slot numbers their meaning. */
export type ChainIdentity = Pick<
  ChainSpec,
  'genesisValidatorsRoot' | 'genesisTimeMs' | 'slotDurationMs' | 'slotsPerEpoch'
>;

/** The identity of a chain, and nothing more of it. */
export function identityOf(chain: ChainIdentity): ChainIdentity {
  const { genesisValidatorsRoot, genesisTimeMs, slotDurationMs, slotsPerEpoch } = chain;
  return { genesisValidatorsRoot, genesisTimeMs, slotDurationMs, slotsPerEpoch };
}

/** The identity that a file holds; undefined where it is none. */
export function parseIdentity(value: unknown): ChainIdentity | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { genesisValidatorsRoot, genesisTimeMs, slotDurationMs, slotsPerEpoch } = value as Record<string, unknown>;
  if (typeof genesisValidatorsRoot !== 'string' || typeof genesisTimeMs !== 'number') return undefined;
  if (typeof slotDurationMs !== 'number' || typeof slotsPerEpoch !== 'number') return undefined;
  return { genesisValidatorsRoot, genesisTimeMs, slotDurationMs, slotsPerEpoch };
}

/** Throws a {@link ConfigurationError}, which names both chains, unless the owner of a data directory is `chain`. */
export function requireSameChain(folder: string, owner: ChainIdentity, chain: ChainIdentity): void {
  if (describeChain(owner) === describeChain(chain)) return;
  throw new ConfigurationError(
    `--data-dir ${folder} belongs to another chain (${describeChain(owner)}); ` +
      `the beacon node is on the chain with ${describeChain(chain)}`,
  );
}

/** For people; names every part of the identity. */
function describeChain({ genesisValidatorsRoot, genesisTimeMs, slotDurationMs, slotsPerEpoch }: ChainIdentity): string {
  const genesis = `genesis validators root ${genesisValidatorsRoot}, genesis time ${genesisTimeMs / 1000}`;
  return `${genesis}, ${slotDurationMs / 1000} s slots, ${slotsPerEpoch} slots per epoch`;
}
