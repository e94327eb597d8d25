import type { BeaconNode } from '../machines/ports.js';
import type { ChainSpec } from '../machines/rules/chain-time.js';
import type { NodeNumber } from '../machines/rules/node-choice.js';
import { ConfigurationError, loadChainSpec, pause, type LoadingOptions } from './chain-loader.js';

/** How long the others are waited for, in ms, when one node has told the chain. */
const PATIENCE_MS = 1000;

/** The chain, and which nodes are on it so far. */
export interface MetNodes {
  readonly chain: ChainSpec;
  readonly members: ReadonlySet<NodeNumber>;
  /** Answered, and not to be asked again: no beacon node, or on another chain. */
  readonly refused: ReadonlySet<NodeNumber>;
}

/**
 * Asks all nodes for the chain until one knows it, and gives the rest a moment. Where they disagree, the chain of most
 * of them counts, among equals that of the one preferred; who differs is refused by name. Rejects with a
 * {@link ConfigurationError} when no node is left, and with the signal's reason when that fires.
 */
export async function meetNodes(nodes: readonly BeaconNode[], options: LoadingOptions): Promise<MetNodes> {
  const enough = new AbortController();
  const signal = AbortSignal.any([options.signal, enough.signal]);
  const told = new Map<NodeNumber, ChainSpec>();
  const refusals = new Map<NodeNumber, ConfigurationError>();
  const questions = nodes.map((node, number) => {
    let attempted: () => void = () => undefined;
    const obstacle = new Promise<void>((resolve) => (attempted = resolve));
    const answer = loadChainSpec(node, { ...options, signal, attempted }).then(
      (chain) => void told.set(number, chain),
      (error: unknown) => {
        if (error instanceof ConfigurationError) refusals.set(number, error);
        throw error;
      },
    );
    return { obstacle, answer };
  });
  const settled = Promise.allSettled(questions.map(({ answer }) => answer));
  try {
    await Promise.any(questions.map(({ answer }) => answer)).catch(() => {
      options.signal.throwIfAborted();
      throw new ConfigurationError([...refusals.values()].map(({ message }) => message).join('; '));
    });
    const everyoneAsked = Promise.allSettled(questions.map((question) => Promise.race(Object.values(question))));
    await Promise.race([everyoneAsked, pause(options.clock, PATIENCE_MS, signal)]);
  } finally {
    enough.abort();
    await settled;
  }
  const chain = chainOfMost([...told.entries()].sort(([a], [b]) => a - b).map(([, spec]) => spec));
  const members = new Set<NodeNumber>();
  for (const [number, spec] of told) {
    const difference = differenceBetween(chain, spec);
    if (difference === undefined) members.add(number);
    else refusals.set(number, refusal(nodes[number]!, difference));
  }
  for (const { message } of refusals.values()) options.diagnose({ level: 'error', message });
  return { chain, members, refused: new Set(refusals.keys()) };
}

/**
 * Asks a node that was not there at the start, until it tells its chain. Rejects with a {@link ConfigurationError} when
 * that is another one, or when it is no beacon node.
 */
export async function meetLater(node: BeaconNode, chain: ChainSpec, options: LoadingOptions): Promise<void> {
  const difference = differenceBetween(chain, await loadChainSpec(node, options));
  if (difference !== undefined) throw refusal(node, difference);
}

function refusal(node: BeaconNode, difference: string): ConfigurationError {
  return new ConfigurationError(`${node.url} is on another chain than the other nodes (${difference}) and is left out`);
}

function chainOfMost(chains: readonly ChainSpec[]): ChainSpec {
  const followers = (chain: ChainSpec) =>
    chains.filter((other) => differenceBetween(chain, other) === undefined).length;
  return chains.reduce((best, chain) => (followers(chain) > followers(best) ? chain : best));
}

/** The first thing in which two nodes' chains differ, in words; undefined where they are one. */
function differenceBetween(ours: ChainSpec, theirs: ChainSpec): string | undefined {
  const flat = (chain: ChainSpec) =>
    Object.entries(chain).flatMap(([key, value]: [string, unknown]) =>
      typeof value === 'object' && value !== null
        ? Object.entries(value).map(([part, inner]: [string, unknown]) => [`${key}.${part}`, inner] as const)
        : [[key, value] as const],
    );
  const known = new Map<string, unknown>(flat(ours));
  // What one of them does not name is no disagreement.
  const differing = flat(theirs).find(
    ([key, value]) => value !== undefined && known.get(key) !== undefined && known.get(key) !== value,
  );
  return differing && `${differing[0]} ${String(differing[1])}, not ${String(known.get(differing[0]))}`;
}
