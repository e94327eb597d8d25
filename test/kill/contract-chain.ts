import { setTimeout as delay } from 'node:timers/promises';
import { Anvil } from '../support/anvil.js';
import { publicKeyOf } from '../support/ssv-events.js';

/** Whoever is here stays. */
const STEADY_CLUSTER = [1, 2, 3, 4];
/** Clusters in which validators come and go, and which are liquidated at times. */
const RESTLESS_CLUSTERS = [
  [1, 2, 3, 5],
  [1, 2, 3, 6],
  [1, 2, 3, 7],
];
/** Keys that no beacon node knows, beside those that one does. */
const UNKNOWN_KEYS = Array.from({ length: 24 }, (_, number) => publicKeyOf(number + 1));
/** Blocks that are taken back at most; the steady ones are deeper. */
const DEEPEST_REORG = 4;
const LONGEST_PAUSE_MS = 400;

/** An execution chain with the SSV contract on it, whose validators come and go, and whose last blocks are taken back. */
export class ContractChain {
  readonly #anvil: Anvil;
  readonly #random: () => number;
  readonly #keys: readonly string[];
  readonly #stop = new AbortController();
  #last: Promise<unknown> = Promise.resolve();
  #changes = 0;
  #running: Promise<void> = Promise.resolve();

  private constructor(anvil: Anvil, random: () => number, keys: readonly string[]) {
    this.#anvil = anvil;
    this.#random = random;
    this.#keys = keys;
  }

  /** @param restless of the beacon chain, as those of `steady` */
  static async start(
    steady: readonly string[],
    restless: readonly string[],
    random: () => number,
  ): Promise<ContractChain> {
    const anvil = await Anvil.start();
    await anvil.deploy();
    await anvil.add(STEADY_CLUSTER, ...steady);
    for (const cluster of RESTLESS_CLUSTERS) await anvil.add(cluster, publicKeyOf(100 + cluster[3]!));
    await anvil.mine(DEEPEST_REORG);
    const chain = new ContractChain(anvil, random, [...restless, ...UNKNOWN_KEYS]);
    chain.#running = chain.#changeOnAndOn();
    return chain;
  }

  get url(): string {
    return this.#anvil.http;
  }

  get contract(): string {
    return this.#anvil.contract;
  }

  /** How the command is told of it. */
  get flags(): string[] {
    const contract = ['--contract', this.contract, '--contract-start-block', '0', '--follow-distance', '0'];
    return ['--execution-node', this.url, ...contract];
  }

  /** Changes so far. */
  get changes(): number {
    return this.#changes;
  }

  /** Nothing changes while this is under way. */
  async unchanged<T>(look: () => Promise<T>): Promise<T> {
    return this.#inTurn(look);
  }

  async kill(): Promise<void> {
    this.#stop.abort();
    await this.#running.catch(() => undefined);
    await this.#anvil.kill();
  }

  async #changeOnAndOn(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#inTurn(() => this.#change());
      await delay(this.#random() * LONGEST_PAUSE_MS, undefined, { signal });
    }
  }

  async #change(): Promise<void> {
    const cluster = this.#oneOf(RESTLESS_CLUSTERS);
    const key = this.#oneOf(this.#keys);
    this.#changes++;
    switch (Math.floor(this.#random() * 8)) {
      case 0:
        return void (await this.#anvil.send('removeValidator', cluster, key));
      case 1:
        return void (await this.#anvil.send('exitValidator', cluster, key));
      case 2:
        return void (await this.#anvil.send('liquidate', cluster));
      case 3:
        return void (await this.#anvil.send('reactivate', cluster));
      case 4:
        return this.#reorg(1 + Math.floor(this.#random() * DEEPEST_REORG));
      default:
        return void (await this.#anvil.add(cluster, key, this.#oneOf(this.#keys)));
    }
  }

  async #reorg(depth: number): Promise<void> {
    await this.#anvil.rpc('anvil_reorg', depth, []);
    // The client's clock goes back with its chain, and would fall behind more and more.
    await this.#anvil.rpc('evm_setTime', Math.floor(Date.now() / 1000));
  }

  #oneOf<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)]!;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }
}
