import { isAddress } from 'ethers/address';
import { slotAt } from '../../machines/rules/chain-time.js';
import { retryDelayMs } from '../../machines/rules/retry-delay.js';
import type { ValidatorSourceEvent } from '../../machines/rules/validator-changes.js';
import { parseNodeAddress } from '../beacon-node/node-address.js';
import { ConfigurationError, pause } from '../chain-loader.js';
import { reasonOf } from '../data-directory/reason.js';
import type { PreparedValidatorSource, SourceHealth, SourceSurroundings } from '../prepared-source.js';
import { commonBlock } from './common-block.js';
import { EVENT_TOPICS } from './contract-abi.js';
import { ContractLedger } from './contract-ledger.js';
import { ContractRegistry } from './contract-registry.js';
import { ContractSink } from './contract-sink.js';
import { ContractStore } from './contract-store.js';
import type { Hex } from './contract-types.js';
import { ExecutionNodeError } from './execution-errors.js';
import { createExecutionNode, type ExecutionNode } from './execution-node.js';
import { LogFollower, type SyncProgress } from './log-follower.js';
import { SSV_NETWORKS, type SsvNetworkName } from './networks.js';
import { NodeTroubles } from './node-troubles.js';
import { RangeReader } from './range-reader.js';
import { messageOf } from '../../machines/rules/message-of.js';

const DEFAULT_FOLLOW_DISTANCE = 8;

/** Which contract: of a known network, or by address and the block it was deployed in. */
export type SsvContractChoice =
  | { readonly network: SsvNetworkName; readonly contract?: undefined; readonly contractStartBlock?: undefined }
  | { readonly network?: undefined; readonly contract: string; readonly contractStartBlock: number };

/** What {@link createSsvValidatorSource} is given. */
export type SsvValidatorSourceOptions = SsvContractChoice & {
  /** `http(s)://` or `ws(s)://` address of an execution node; credentials are sent as a header and never shown. */
  readonly executionNode: string;
  /** Only validators whose cluster has this operator; default: all. */
  readonly operatorId?: number;
  /** Blocks behind the head up to which logs are read; default 8. */
  readonly followDistance?: number;
  /** Forget what the data directory holds and read the contract from its start block. */
  readonly resync?: boolean;
  /** Called after every range of the history, and once when it is through (`done`). */
  readonly onProgress?: (progress: SyncProgress) => void;
};

/**
 * Validators from the SSVNetwork contract, live: a `ValidatorSource` for `createDutyScheduler`. What is read is kept in
 * the scheduler's data directory, so that the next start goes on where the last one ended. `VALIDATORS_KNOWN` comes
 * when the history is through and the node's last block is younger than 300 s; broken connections, re-orgs and
 * restarts of the node are outlived. Throws a `ConfigurationError` for options that cannot be.
 *
 * @example
 * const validators = createSsvValidatorSource({ executionNode: 'ws://127.0.0.1:8546', network: 'hoodi', operatorId: 7 });
 * const scheduler = createDutyScheduler({ beaconNode: 'http://127.0.0.1:5052', validators, executors, dataDir: 'data' });
 */
export function createSsvValidatorSource(options: SsvValidatorSourceOptions): PreparedValidatorSource {
  return new SsvValidatorSource(options);
}

interface Prepared extends SourceSurroundings {
  readonly node: ExecutionNode;
  readonly chainId: number;
  readonly sink: ContractSink;
}

class SsvValidatorSource implements PreparedValidatorSource {
  readonly #options: SsvValidatorSourceOptions;
  readonly #contract: Hex;
  readonly #startBlock: number;
  #node: ExecutionNode | undefined;
  #prepared: Prepared | undefined;
  #follower: LogFollower | undefined;
  #following: Promise<void> | undefined;
  #failure: string | undefined;

  constructor(options: SsvValidatorSourceOptions) {
    this.#options = options;
    const { contract, startBlock } = chosenContract(options);
    this.#contract = contract;
    this.#startBlock = startBlock;
    const { followDistance = DEFAULT_FOLLOW_DISTANCE, operatorId = 0 } = options;
    requireCount('followDistance', followDistance);
    requireCount('operatorId', operatorId);
    requireAddress(options.executionNode);
  }

  get health(): SourceHealth {
    const trouble = this.#failure ?? this.#follower?.trouble;
    if (trouble !== undefined) return { ok: false, detail: trouble };
    const cursor = this.#prepared?.sink.cursor;
    return { ok: true, detail: cursor === undefined ? 'nothing is read yet' : `up to block ${cursor.number}` };
  }

  async prepare(surroundings: SourceSurroundings, signal: AbortSignal): Promise<void> {
    const { chain, clock, diagnose } = surroundings;
    const { network, executionNode } = this.#options;
    if (network !== undefined && chain.depositChainId !== undefined) {
      const { chainId } = SSV_NETWORKS[network];
      if (chain.depositChainId !== chainId) {
        throw new ConfigurationError(
          `--network ${network} is the chain with id ${chainId}; the beacon node's has ${chain.depositChainId}`,
        );
      }
    }
    const node = createExecutionNode(executionNode, clock);
    this.#node = node;
    const chainId = await chainIdOf(node, surroundings, signal);
    if (chain.depositChainId !== undefined && chainId !== chain.depositChainId) {
      throw new ConfigurationError(
        `--execution-node ${node.url} is on the chain with id ${chainId}, ` +
          `the beacon node on the one with DEPOSIT_CHAIN_ID ${chain.depositChainId}`,
      );
    }
    const store = await this.#openStore(surroundings, chainId);
    const registry = store?.registry ?? new ContractRegistry(this.#options.operatorId);
    await requireSameChain(node, registry, surroundings, signal);
    const ledger = new ContractLedger({
      registry,
      store: store && forgiving(store, diagnose),
      slotOf: (timestamp) => slotAt(chain, timestamp * 1000),
    });
    this.#prepared = { ...surroundings, node, chainId, sink: new ContractSink({ registry, ledger, diagnose }) };
  }

  run(tell: (event: ValidatorSourceEvent) => void, fail: (error: Error) => void, signal: AbortSignal): void {
    const prepared = this.#prepared;
    if (prepared === undefined) return fail(new Error('it was not prepared'));
    const { node, chain, chainId, sink, clock, random, diagnose } = prepared;
    const { followDistance = DEFAULT_FOLLOW_DISTANCE, onProgress = () => undefined } = this.#options;
    this.#follower = new LogFollower({
      node,
      reader: new RangeReader(node, this.#contract, EVENT_TOPICS),
      sink,
      startBlock: this.#startBlock,
      followDistance,
      chainId,
      pollMs: chain.slotDurationMs,
      clock,
      random,
      diagnose,
      onProgress,
      onHistory: () => sink.begin(tell),
    });
    this.#following = this.#follower.run(signal).catch((error: unknown) => {
      this.#failure = messageOf(error);
      fail(error instanceof Error ? error : new Error(String(error)));
    });
  }

  async close(): Promise<void> {
    await this.#node?.close();
    await this.#following;
  }

  async #openStore({ storage }: SourceSurroundings, chainId: number): Promise<ContractStore | undefined> {
    if (storage === undefined) return undefined;
    const { operatorId, resync } = this.#options;
    const identity = { chainId, contract: this.#contract, startBlock: this.#startBlock };
    return ContractStore.open({ state: storage.state, dataDir: storage.path, identity, operatorId, resync });
  }
}

/** Asks for the chain id until the node says it. Rejects with a {@link ConfigurationError} for what is no execution node. */
async function chainIdOf(
  node: ExecutionNode,
  { chain, clock, random, diagnose }: SourceSurroundings,
  signal: AbortSignal,
): Promise<number> {
  const troubles = new NodeTroubles(node.url, clock, diagnose);
  for (let attempt = 1; ; attempt++) {
    try {
      return await node.getChainId(signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ExecutionNodeError)) throw error;
      if (error.kind === 'schema') {
        throw new ConfigurationError(`--execution-node ${node.url} is no execution node: ${error.message}`);
      }
      troubles.tell(error.message);
    }
    await pause(clock, retryDelayMs(attempt, chain.slotDurationMs, random()), signal);
  }
}

/**
 * Rejects with a {@link ConfigurationError} where what is stored is of another chain than the node's, one of the same id:
 * a test chain that began anew. A node that cannot say it now is told of by the follower, when it can.
 */
async function requireSameChain(
  node: ExecutionNode,
  { points, isWhole }: ContractRegistry,
  { storage }: SourceSurroundings,
  signal: AbortSignal,
): Promise<void> {
  if (isWhole) return;
  try {
    const head = await node.getBlock('latest', signal);
    if (head === undefined || (await commonBlock(points, head, node, signal)) !== 'none') return;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ExecutionNodeError) return;
    throw error;
  }
  throw new ConfigurationError(
    `--data-dir ${storage!.path} holds validators of the SSV contract on another chain: none of its blocks ` +
      `${points[0]!.number} to ${points.at(-1)!.number} is on that of --execution-node ${node.url}; ` +
      '--resync reads them from there',
  );
}

/** A disk that is full stops nobody: what could not be written is kept in memory, and written the next time. */
function forgiving(store: ContractStore, diagnose: SourceSurroundings['diagnose']): { save(): Promise<void> } {
  let hasFailed = false;
  return {
    async save() {
      try {
        await store.save();
        if (hasFailed) diagnose({ level: 'info', message: 'the validators of the SSV contract are stored again' });
        hasFailed = false;
      } catch (error) {
        const message = `the validators of the SSV contract cannot be stored: ${reasonOf(error)}`;
        if (!hasFailed) diagnose({ level: 'error', message });
        hasFailed = true;
      }
    },
  };
}

function chosenContract(choice: SsvContractChoice): { contract: Hex; startBlock: number } {
  if (choice.network !== undefined) {
    if (!Object.hasOwn(SSV_NETWORKS, choice.network)) {
      throw new ConfigurationError(
        `network: "${String(choice.network)}" is none of ${Object.keys(SSV_NETWORKS).join()}`,
      );
    }
    return SSV_NETWORKS[choice.network];
  }
  requireCount('contractStartBlock', choice.contractStartBlock);
  return { contract: readContractAddress(choice.contract), startBlock: choice.contractStartBlock };
}

/** The address of a contract in lower case. Throws a {@link ConfigurationError} where it is none, or mistyped (EIP-55). */
export function readContractAddress(text: string): Hex {
  if (!isAddress(text) || !text.startsWith('0x')) {
    throw new ConfigurationError('contract: expected an address, 20 bytes of 0x hex with a right checksum');
  }
  return text.toLowerCase();
}

function requireCount(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new ConfigurationError(`${name}: ${value} is not a whole number from 0 on`);
  }
}

function requireAddress(url: string): void {
  try {
    parseNodeAddress(url, 'execution node');
  } catch (error) {
    throw new ConfigurationError(`executionNode: ${messageOf(error)}`);
  }
}
