import { BeaconNodeError, type BeaconNode, type Clock, type Random } from '../machines/ports.js';
import type { ChainSpec } from '../machines/rules/chain-time.js';
import type { Diagnostic } from '../machines/rules/event-log.js';
import { retryDelayMs } from '../machines/rules/retry-delay.js';
import { messageOf } from '../machines/rules/message-of.js';

/** Longest pause between two questions, and between two messages, in ms; the slot time is not known yet. */
const LONGEST_PAUSE_MS = 2000;
const MESSAGE_EVERY_MS = 6000;

/** Something that the operator has to change: an address, a flag, a file. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/** How a node is asked for its chain. */
export interface LoadingOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly diagnose: (diagnostic: Diagnostic) => void;
  /** Called after each attempt that showed no chain yet. */
  readonly attempted?: () => void;
}

/**
 * Asks a node for the chain until it knows it. A node that cannot be reached, is busy, or does not know its genesis yet
 * is waited for. Rejects with a {@link ConfigurationError} for a server that answers but is no beacon node, and with the
 * signal's reason when that fires.
 */
export async function loadChainSpec(
  node: BeaconNode,
  { clock, random, signal, diagnose, attempted = () => undefined }: LoadingOptions,
): Promise<ChainSpec> {
  let toldAt = -Infinity;
  for (let attempt = 1; ; attempt++) {
    let obstacle: string;
    try {
      const chain = await node.getChainSpec(signal);
      if (chain !== undefined) return chain;
      obstacle = 'its genesis is not known yet';
    } catch (error) {
      signal.throwIfAborted();
      if (isNoBeaconNode(error)) throw new ConfigurationError(`${node.url} is no beacon node: ${error.message}`);
      obstacle = messageOf(error);
    }
    signal.throwIfAborted();
    attempted();
    if (clock.now() - toldAt >= MESSAGE_EVERY_MS) {
      toldAt = clock.now();
      diagnose({ level: 'warn', message: `waiting for the beacon node ${node.url}: ${obstacle}` });
    }
    await pause(clock, retryDelayMs(attempt, LONGEST_PAUSE_MS, random()), signal);
  }
}

/** It answers, and not as a beacon node does: asking again will not help. A 5xx or 429 may be one that starts. */
function isNoBeaconNode(error: unknown): error is BeaconNodeError {
  if (!(error instanceof BeaconNodeError)) return false;
  if (error.kind === 'schema') return true;
  return error.kind === 'http' && error.status !== undefined && error.status < 500 && error.status !== 429;
}

/** Resolves after some ms; rejects with the signal's reason when that fires first. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clock.clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = clock.setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}
