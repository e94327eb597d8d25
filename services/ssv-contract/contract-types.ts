/** What the SSV contract's log is made of, on its way from the execution node's answer to the registry. */
import type { Slot } from '../../machines/rules/chain-time.js';

/** Hex with 0x, in lower case. */
export type Hex = string;

/** A block of the execution layer. */
export interface BlockRef {
  readonly number: number;
  readonly hash: Hex;
}

/** Where an event stands in the chain. */
export interface EventPosition {
  readonly blockNumber: number;
  readonly logIndex: number;
  readonly transactionHash: Hex;
}

/** What a contract wrote at some place of the chain, as untrusted as it came. */
export interface WrittenLog extends EventPosition {
  readonly topics: readonly string[];
  /** 0x hex. */
  readonly data: string;
}

/** A log as the node gave it, read. Its text is let go at once: that of a range is megabytes, most of it `shares`. */
export interface ContractLog extends EventPosition {
  readonly address: Hex;
  readonly blockHash: Hex;
  /** Unix seconds; absent where the node does not say it in its logs. */
  readonly blockTimestamp: number | undefined;
  /** The node takes the log back. */
  readonly removed: boolean;
  /** A refusal where it is malformed; undefined for other events of the contract. */
  readonly event: ContractEvent | EventRefusal | undefined;
}

/** Events of the contract that change what the scheduler does; all others are ignored. */
export const CONTRACT_EVENTS = [
  'ValidatorAdded',
  'ValidatorRemoved',
  'ValidatorExited',
  'ClusterLiquidated',
  'ClusterReactivated',
] as const;
export type ContractEventName = (typeof CONTRACT_EVENTS)[number];

interface OfCluster extends EventPosition {
  readonly owner: Hex;
  /** 4, 7, 10 or 13, ascending, each once. */
  readonly operatorIds: readonly number[];
}

interface OfValidator extends OfCluster {
  /** 48 bytes. */
  readonly publicKey: Hex;
}

export type ContractEvent =
  | ({ readonly type: 'ValidatorAdded' } & OfValidator)
  | ({ readonly type: 'ValidatorRemoved' } & OfValidator)
  | ({ readonly type: 'ValidatorExited' } & OfValidator)
  | ({ readonly type: 'ClusterLiquidated' } & OfCluster)
  | ({ readonly type: 'ClusterReactivated' } & OfCluster);

/** Why an event is skipped, in words for people. A closed vocabulary. */
export const REFUSAL_REASONS = {
  undecodable: 'its data cannot be decoded',
  'operator-count': 'it names a number of operators other than 4, 7, 10 or 13',
  'duplicate-operators': 'it names an operator twice',
  'public-key-length': 'its public key is not 48 bytes long',
  'shares-length': 'its shares are not as long as its number of operators asks for',
  'other-owner': 'its validator belongs to another owner',
  'known-validator': 'its validator was added before and not removed since',
  'unknown-validator': 'its validator is not known',
} as const;
export type RefusalReason = keyof typeof REFUSAL_REASONS;

/** An event that is counted, logged and skipped; its block goes on. */
export interface EventRefusal extends EventPosition {
  readonly type: 'refused';
  readonly event: ContractEventName;
  readonly reason: RefusalReason;
}

/** The events of one block, by log index. */
export interface BlockEvents {
  readonly block: BlockRef;
  /** Slot of the block's timestamp; undefined where nobody asked: old history. */
  readonly slot: Slot | undefined;
  readonly events: readonly ContractEvent[];
}

/** The blocks that follow the registry's cursor, up to and with `through`. */
export interface BlockRange {
  /** Those with events, ascending. */
  readonly blocks: readonly BlockEvents[];
  readonly through: BlockRef;
}
