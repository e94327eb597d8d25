import type { ValidatorSourceEvent } from '../../../machines/rules/validator-changes.js';
import { RealClock } from '../../../services/clock/real-clock.js';
import { openDataDirectory, type DataDirectory } from '../../../services/data-directory/data-directory.js';
import type { SyncProgress } from '../../../services/ssv-contract/log-follower.js';
import {
  createSsvValidatorSource,
  type SsvValidatorSourceOptions,
} from '../../../services/ssv-contract/ssv-validator-source.js';
import { chainSpecOf, DEFAULT_PARAMETERS } from '../../../src/devnet/parameters.js';

/** Slots of the chain that the source looks at the head by. */
const SLOT_MS = 200;
const LONGEST_WAIT_MS = 20_000;

/** A validator source on a node, and everything that it tells. */
export class FollowedContract {
  readonly events: ValidatorSourceEvent[] = [];
  readonly said: string[] = [];
  readonly progress: SyncProgress[] = [];
  readonly failures: Error[] = [];
  readonly #life = new AbortController();
  readonly #chain = chainSpecOf({ ...DEFAULT_PARAMETERS, genesisTimeMs: 1_700_000_000_000, slotDurationMs: SLOT_MS });
  readonly #source;
  readonly #folder: string;
  #data: DataDirectory | undefined;
  #stopping: Promise<void> | undefined;

  constructor(
    { folder, contract, url }: { folder: string; contract: string; url: string },
    options: Partial<Pick<SsvValidatorSourceOptions, 'operatorId' | 'followDistance' | 'resync'>> = {},
  ) {
    this.#folder = folder;
    this.#source = createSsvValidatorSource({
      executionNode: url,
      contract,
      contractStartBlock: 0,
      followDistance: 0,
      onProgress: (progress) => this.progress.push(progress),
      ...options,
    });
  }

  async start(): Promise<void> {
    const clock = new RealClock();
    const chain = this.#chain;
    this.#data = await openDataDirectory({ path: this.#folder, chain, clock });
    const surroundings = {
      chain,
      clock,
      random: Math.random,
      diagnose: ({ message }: { message: string }) => void this.said.push(message),
      storage: this.#data.storage,
    };
    try {
      await this.#source.prepare(surroundings, this.#life.signal);
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#source.run(
      (event) => this.events.push(event),
      (error) => this.failures.push(error),
      this.#life.signal,
    );
  }

  stop(): Promise<void> {
    this.#life.abort();
    this.#stopping ??= this.#source.close().then(() => this.#data?.close());
    return this.#stopping;
  }

  known(): Promise<void> {
    return this.until(() => this.events.length > 0);
  }

  async until(holds: () => boolean): Promise<void> {
    const deadline = Date.now() + LONGEST_WAIT_MS;
    while (!holds()) {
      if (Date.now() > deadline) {
        throw new Error(`waited in vain; it told ${this.changes().join('\n')} and said ${this.said.join('\n')}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Waits for so many looks at the head. */
  async looks(count: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, count * SLOT_MS));
  }

  /** One line for each validator of each event after the first, which tells who is known. */
  changes(): string[] {
    return this.events
      .slice(1)
      .flatMap((event) =>
        'validators' in event
          ? event.validators.map(
              ({ id, liquidated }) => `${event.type} ${id}${liquidated === true ? ' liquidated' : ''}`,
            )
          : event.ids.map((id) => `${event.type} ${id}`),
      );
  }

  /** Who is there after everything that was told. */
  validators(): Record<string, 'active' | 'liquidated'> {
    const all: Record<string, 'active' | 'liquidated'> = {};
    for (const event of this.events) {
      if ('validators' in event) {
        for (const { id, liquidated } of event.validators) all[id] = liquidated === true ? 'liquidated' : 'active';
        continue;
      }
      for (const id of event.ids) {
        if (event.type === 'VALIDATOR_REMOVED') delete all[id];
        if (event.type === 'CLUSTER_LIQUIDATED') all[id] = 'liquidated';
        if (event.type === 'CLUSTER_REACTIVATED') all[id] = 'active';
      }
    }
    return all;
  }
}
