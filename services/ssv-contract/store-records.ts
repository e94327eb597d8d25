/** How the registry is written down: one text per key, closed by a checksum over both. */
import { crc32 } from 'node:zlib';
import { hexOf } from './contract-logs.js';
import type { Hex } from './contract-types.js';
import type { HistoryPoint } from './contract-registry.js';
import type { Cluster, ContractValidator } from './registry-state.js';

const VERSION = 1;

/** What the records are of; others of the same data directory would make no sense here. */
export interface ContractIdentity {
  readonly chainId: number;
  /** Address of the contract, 0x hex in lower case. */
  readonly contract: Hex;
  readonly startBlock: number;
}

/** What must be there beside this record. */
export interface StoreHead extends ContractIdentity {
  readonly validators: number;
  readonly clusters: number;
  readonly points: number;
}

/** The value to store under a key. */
export function sealed(key: string, content: unknown): string {
  const text = JSON.stringify(content);
  return sealOf(key, text) + text;
}

/** What was {@link sealed} under a key; undefined where that is not what was stored. */
export function unsealed(key: string, value: string): unknown {
  const text = value.slice(SEAL_LENGTH);
  if (value.slice(0, SEAL_LENGTH) !== sealOf(key, text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const SEAL_LENGTH = 9;

function sealOf(key: string, text: string): string {
  return `${crc32(text, crc32(key))
    .toString(16)
    .padStart(SEAL_LENGTH - 1, '0')} `;
}

export function writeHead(head: StoreHead): unknown {
  return { version: VERSION, ...head };
}

/** The head; the number of the version where it is another one; undefined where it is none. */
export function readHead(content: unknown): StoreHead | { readonly otherVersion: number } | undefined {
  if (typeof content !== 'object' || content === null) return undefined;
  const { version, chainId, contract, startBlock, validators, clusters, points } = content as Record<string, unknown>;
  if (isCount(version) && version !== VERSION) return { otherVersion: version };
  const address = hexOf(contract, 20);
  if (!isCount(chainId) || !isCount(startBlock) || address === undefined) return undefined;
  if (!isCount(validators) || !isCount(clusters) || !isCount(points)) return undefined;
  return { chainId, contract: address, startBlock, validators, clusters, points };
}

type ValidatorFields = readonly [clusterId: Hex, addedBlock: number, addedSlot: number | null];

export function writeValidator({ clusterId, addedBlock, addedSlot }: ContractValidator): ValidatorFields {
  return [clusterId, addedBlock, addedSlot ?? null];
}

export function readValidator(key: string, content: unknown): ContractValidator | undefined {
  const publicKey = hexOf(key, 48);
  if (publicKey === undefined || !Array.isArray(content)) return undefined;
  const [id, addedBlock, slot] = content as unknown[];
  const clusterId = hexOf(id, 32);
  if (clusterId === undefined || !isCount(addedBlock) || !isSlot(slot)) return undefined;
  return { publicKey, clusterId, addedBlock, addedSlot: slot ?? undefined };
}

type ClusterFields = readonly [
  owner: Hex,
  committee: readonly number[],
  liquidated: boolean,
  reactivatedSlot: number | null,
];

export function writeCluster({ owner, committee, liquidated, reactivatedSlot }: Cluster): ClusterFields {
  return [owner, committee, liquidated, reactivatedSlot ?? null];
}

export function readCluster(key: string, content: unknown): Cluster | undefined {
  const id = hexOf(key, 32);
  if (id === undefined || !Array.isArray(content)) return undefined;
  const [address, committee, liquidated, slot] = content as unknown[];
  const owner = hexOf(address, 20);
  if (owner === undefined || !Array.isArray(committee) || !committee.every(isCount)) return undefined;
  if (typeof liquidated !== 'boolean' || !isSlot(slot)) return undefined;
  return { id, owner, committee, liquidated, reactivatedSlot: slot ?? undefined };
}

export function writePoint({ hash, undo }: HistoryPoint): unknown {
  if (undo === undefined) return [hash];
  const validators = Array.from(undo.validators, ([key, before]) => [key, before ? writeValidator(before) : null]);
  const clusters = Array.from(undo.clusters, ([id, before]) => [id, before ? writeCluster(before) : null]);
  return [hash, validators, clusters];
}

export function readPoint(key: string, content: unknown): HistoryPoint | undefined {
  const number = Number(key);
  if (!isCount(number) || !Array.isArray(content)) return undefined;
  const [text, ...undone] = content as unknown[];
  const hash = hexOf(text, 32);
  if (hash === undefined) return undefined;
  if (undone.length === 0) return { number, hash, undo: undefined };
  const validators = readUndone(undone[0], readValidator);
  const clusters = readUndone(undone[1], readCluster);
  if (validators === undefined || clusters === undefined) return undefined;
  return { number, hash, undo: { validators, clusters } };
}

function readUndone<T>(
  entries: unknown,
  read: (key: string, content: unknown) => T | undefined,
): Map<Hex, T | undefined> | undefined {
  if (!Array.isArray(entries)) return undefined;
  const undone = new Map<Hex, T | undefined>();
  for (const entry of entries as unknown[]) {
    if (!Array.isArray(entry)) return undefined;
    const [key, before] = entry as unknown[];
    if (typeof key !== 'string') return undefined;
    const value = before === null ? undefined : read(key, before);
    if (before !== null && value === undefined) return undefined;
    undone.set(key, value);
  }
  return undone;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isSlot(value: unknown): value is number | null {
  return value === null || Number.isSafeInteger(value);
}
