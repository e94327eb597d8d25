/** Logs as the contract writes them, made with ethers' encoder. */
import { Interface, ZeroAddress, toBeHex } from 'ethers';
import fc from 'fast-check';
import { CONTRACT_ABI } from '../../../services/ssv-contract/contract-abi.js';
import { decodeEvent } from '../../../services/ssv-contract/contract-events.js';
import {
  CONTRACT_EVENTS,
  type ContractEventName,
  type ContractLog,
  type WrittenLog,
} from '../../../services/ssv-contract/contract-types.js';

/** What an event says, with nothing checked: bytes as 0x hex. */
export interface EventArguments {
  readonly owner: string;
  readonly operatorIds: readonly (number | bigint)[];
  readonly publicKey: string;
  readonly shares: string;
}

/** A log as it is written, with all that a node says beside it. */
export interface MadeLog extends WrittenLog, Omit<ContractLog, 'event'> {}

export const OWNER = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266';
const CLUSTER = [1, 2, 3, true, 4];

/** A public key, told from others by a number. */
export function publicKeyOf(number: number): string {
  return toBeHex(number, 48);
}

/** `0xabab…` of so many bytes. */
export function bytesOf(length: number): string {
  return `0x${'ab'.repeat(length)}`;
}

export function sharesFor(operators: number): string {
  return bytesOf(96 + operators * (48 + 256));
}

/** A log of block 1, log index 0 where nothing else is said. */
export function logOf(
  name: ContractEventName,
  { owner = OWNER, operatorIds = [1, 2, 3, 4], ...rest }: Partial<EventArguments> = {},
  position: Partial<MadeLog> = {},
): MadeLog {
  const { publicKey = publicKeyOf(1), shares = sharesFor(operatorIds.length) } = rest;
  const all: Readonly<Record<string, unknown>> = { owner, operatorIds, publicKey, shares, cluster: CLUSTER };
  const event = CONTRACT_ABI.getEvent(name)!;
  const { topics, data } = CONTRACT_ABI.encodeEventLog(
    event,
    event.inputs.map((input) => all[input.name]),
  );
  return {
    address: ZeroAddress,
    blockNumber: 1,
    blockHash: toBeHex(1, 32),
    transactionHash: toBeHex(2, 32),
    logIndex: 0,
    blockTimestamp: undefined,
    removed: false,
    topics,
    data,
    ...position,
  };
}

/** A log as it is once it is read. */
export function asRead({ topics, data, ...rest }: MadeLog): ContractLog {
  return { ...rest, event: decodeEvent({ ...rest, topics, data }) };
}

/** A log of an event that is not followed. */
export function otherLog(): MadeLog {
  const other = new Interface(['event FeeRecipientAddressUpdated(address indexed owner, address recipientAddress)']);
  return { ...logOf('ValidatorAdded'), ...other.encodeEventLog('FeeRecipientAddressUpdated', [OWNER, OWNER]) };
}

const hexBytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => `0x${Buffer.from(bytes).toString('hex')}`);

/** Well-formed events: their name and what they say. */
export const anyEvent = fc.constantFrom(4, 7, 10, 13).chain((operators) =>
  fc.record({
    name: fc.constantFrom(...CONTRACT_EVENTS),
    args: fc.record({
      owner: hexBytes(20),
      operatorIds: fc.uniqueArray(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), {
        minLength: operators,
        maxLength: operators,
      }),
      publicKey: hexBytes(48),
      shares: fc.constant(sharesFor(operators)),
    }),
  }),
);
