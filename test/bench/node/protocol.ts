/** What a benchmark and its beacon node, a process of its own, say to each other. */
import type { ChainSpec } from '../../../machines/rules/chain-time.js';

/** The chain that the node shows. */
export interface NodeSetup {
  readonly genesisTimeMs: number;
  readonly slotDurationMs: number;
  readonly slotsPerEpoch: number;
  /** Active validators, with the indices 0 to this. */
  readonly validators: number;
}

export type NodeCommand =
  | { readonly do: 'set-up'; readonly setup: NodeSetup }
  /** Sends a head of the current slot to every stream; `reorg`: the next epoch's duties are all different from now on. */
  | { readonly do: 'head'; readonly reorg: boolean }
  /**
   * Sends heads for so many slots, one in the first part of each slot to the scheduler and one in its second half to
   * the plain listener; `refetch`: as soon as the next epoch's duties have been fetched, they change again.
   */
  | { readonly do: 'play'; readonly slots: number; readonly refetch: boolean };

export type NodeReport = { readonly did: 'set-up'; readonly port: number } | { readonly did: 'play' };

/** Marks the stream of the plain listener: a query parameter that nodes ignore. */
export const PLAIN_STREAM = 'listener=plain';

/** A head's block root holds the monotonic time of its sending, in ns. */
export function rootAt(nanoseconds: bigint): string {
  return `0x${nanoseconds.toString(16).padStart(64, '0')}`;
}

/** Ms since the head with this block root was written to its socket; the monotonic clock is the machine's. */
export function msSince(root: string): number {
  return Number(process.hrtime.bigint() - BigInt(root)) / 1e6;
}

/** A root that stands for the n-th branch. */
export function branchRoot(n: number): string {
  return `0x${(n + 1).toString(16).padStart(64, 'b')}`;
}

export function pubkeyOf(index: number): string {
  return `0x${index.toString(16).padStart(96, 'a')}`;
}

/** Slot of a validator's attestation: on another branch it is another one. */
export function slotOf(setup: Pick<ChainSpec, 'slotsPerEpoch'>, epoch: number, index: number, branch: number): number {
  return epoch * setup.slotsPerEpoch + ((index * 7 + branch * 3) % setup.slotsPerEpoch);
}
