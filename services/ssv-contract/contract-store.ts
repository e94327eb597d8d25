/**
 * The registry under a prefix of the data directory's key-value store. Validators, clusters, history and the counts of
 * all change together, in one synced batch: whenever the process ends, what is stored is the registry at some cursor.
 */
import { ConfigurationError } from '../chain-loader.js';
import { reasonOf } from '../data-directory/reason.js';
import type { StateStore } from '../data-directory/state-store.js';
import { ContractRegistry, type HistoryPoint } from './contract-registry.js';
import { RegistryState } from './registry-state.js';
import {
  readCluster,
  readHead,
  readPoint,
  readValidator,
  sealed,
  unsealed,
  writeCluster,
  writeHead,
  writePoint,
  writeValidator,
  type ContractIdentity,
  type StoreHead,
} from './store-records.js';
import { inTurns } from './turns.js';

// Plain prefixes, because a sublevel of the library costs 40 µs per key, and a plain key 1.
const PREFIX = 'ssv/';
const HEAD = `${PREFIX}head`;
const VALIDATORS = `${PREFIX}validator/`;
const CLUSTERS = `${PREFIX}cluster/`;
const POINTS = `${PREFIX}point/`;
/** Digits of a block number in a key, so that keys are in the order of numbers. */
const NUMBER_DIGITS = 16;
const RECORDS_PER_TURN = 100;

export interface ContractStoreOptions {
  readonly state: StateStore;
  /** For messages: the path of the data directory. */
  readonly dataDir: string;
  readonly identity: ContractIdentity;
  /** See {@link ContractRegistry}. It may change from start to start: validators of all operators are stored. */
  readonly operatorId?: number | undefined;
  /** Forget what is stored, whatever it is. */
  readonly resync?: boolean | undefined;
}

/** A registry and the place where it is kept. */
export class ContractStore {
  readonly #state: StateStore;
  readonly #identity: ContractIdentity;
  readonly registry: ContractRegistry;

  private constructor({ state, identity }: ContractStoreOptions, registry: ContractRegistry) {
    this.#state = state;
    this.#identity = identity;
    this.registry = registry;
  }

  /**
   * Reads the registry; an empty one where nothing is stored. Rejects with a {@link ConfigurationError} for what is of
   * another contract, or damaged, and names the way out.
   */
  static async open(options: ContractStoreOptions): Promise<ContractStore> {
    const { state, dataDir, identity, operatorId, resync = false } = options;
    try {
      const value = resync ? undefined : await state.get(HEAD);
      if (value === undefined) {
        await wipe(state);
        return new ContractStore(options, new ContractRegistry(operatorId));
      }
      const head = readHead(unsealed(HEAD, value));
      if (head === undefined) throw new Damage('what they are of cannot be read');
      if ('otherVersion' in head) throw new Damage(`they are of version ${head.otherVersion}`);
      requireSameContract(dataDir, head, identity);
      return new ContractStore(options, await readRegistry(state, head, operatorId));
    } catch (error) {
      if (error instanceof ConfigurationError) throw error;
      const what = `--data-dir ${dataDir}: the stored validators of the SSV contract cannot be used`;
      throw new ConfigurationError(`${what} (${reasonOf(error)}); --resync reads them from the chain again`, {
        cause: error,
      });
    }
  }

  /**
   * Writes what has changed in the registry; nothing may change in it meanwhile. What could not be written is written
   * the next time.
   */
  async save(): Promise<void> {
    const { registry } = this;
    const names = registry.unsaved.take();
    const batch = this.#state.batch();
    const write = (key: string, content: unknown) => {
      if (content === undefined) batch.del(key);
      else batch.put(key, sealed(key, content));
    };
    try {
      await inTurns(names.validators, RECORDS_PER_TURN, (publicKey) => {
        const validator = registry.state.validator(publicKey);
        write(VALIDATORS + publicKey, validator && writeValidator(validator));
      });
      await inTurns(names.clusters, RECORDS_PER_TURN, (id) => {
        const cluster = registry.state.cluster(id);
        write(CLUSTERS + id, cluster && writeCluster(cluster));
      });
      const points = new Map(registry.points.map((point) => [point.number, point]));
      await inTurns(names.points, RECORDS_PER_TURN, (number) => {
        const point = points.get(number);
        write(POINTS + String(number).padStart(NUMBER_DIGITS, '0'), point && writePoint(point));
      });
      const { validatorCount, clusterCount } = registry.state;
      const counts = { validators: validatorCount, clusters: clusterCount, points: points.size };
      write(HEAD, writeHead({ ...this.#identity, ...counts }));
      await batch.write({ sync: true });
    } catch (error) {
      registry.unsaved.giveBack(names);
      await batch.close();
      throw error;
    }
  }
}

/** Why stored records are no registry. */
class Damage extends Error {
  override readonly name = 'Damage';
}

/** The head goes first: without it nothing of the rest counts, also when this is cut short. */
async function wipe(state: StateStore): Promise<void> {
  await state.del(HEAD, { sync: true });
  await state.clear(rangeOf(PREFIX));
}

async function readRegistry(
  store: StateStore,
  head: StoreHead,
  operatorId: number | undefined,
): Promise<ContractRegistry> {
  const state = new RegistryState();
  const points: HistoryPoint[] = [];
  await readAll(store, CLUSTERS, readCluster, (cluster) => state.putCluster(cluster.id, cluster));
  await readAll(store, VALIDATORS, readValidator, (validator) => {
    if (state.cluster(validator.clusterId) === undefined) throw new Damage(`${validator.publicKey} is of no cluster`);
    state.putValidator(validator.publicKey, validator);
  });
  await readAll(store, POINTS, readPoint, (point) => points.push(point));
  const found = { validators: state.validatorCount, clusters: state.clusterCount, points: points.length };
  for (const kind of ['validators', 'clusters', 'points'] as const) {
    if (found[kind] !== head[kind]) throw new Damage(`${found[kind]} of ${head[kind]} ${kind} are there`);
  }
  return new ContractRegistry(operatorId, { state, points });
}

async function readAll<T>(
  store: StateStore,
  prefix: string,
  read: (key: string, content: unknown) => T | undefined,
  take: (record: T) => void,
): Promise<void> {
  const iterator = store.iterator(rangeOf(prefix));
  try {
    for (;;) {
      const entries = await iterator.nextv(RECORDS_PER_TURN);
      if (entries.length === 0) return;
      for (const [key, value] of entries) {
        const record = read(key.slice(prefix.length), unsealed(key, value));
        if (record === undefined) throw new Damage(`the record ${key} is not what was stored`);
        take(record);
      }
    }
  } finally {
    await iterator.close();
  }
}

/** All keys with a prefix that ends in `/`: up to the character after it. */
function rangeOf(prefix: string): { gt: string; lt: string } {
  return { gt: prefix, lt: `${prefix.slice(0, -1)}0` };
}

function requireSameContract(dataDir: string, owner: ContractIdentity, identity: ContractIdentity): void {
  if (describeContract(owner) === describeContract(identity)) return;
  throw new ConfigurationError(
    `--data-dir ${dataDir} holds the validators of another contract (${describeContract(owner)}) than ` +
      `--network or --contract name (${describeContract(identity)}); --resync forgets them`,
  );
}

/** For people; names every part of the identity. */
function describeContract({ chainId, contract, startBlock }: ContractIdentity): string {
  return `chain ${chainId}, contract ${contract}, from block ${startBlock}`;
}
