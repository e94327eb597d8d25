import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChainSpec } from '../../machines/rules/chain-time.js';
import type { ValidatorRegistration } from '../../machines/rules/registry.js';
import { RealClock } from '../../services/clock/real-clock.js';
import { openStateStore } from '../../services/data-directory/state-store.js';
import type { SourceSurroundings } from '../../services/prepared-source.js';
import { createSsvValidatorSource } from '../../services/ssv-contract/ssv-validator-source.js';
import type { ContractChain } from './contract-chain.js';

const LONGEST_READING_MS = 60_000;

/** What a source on some data directory says. */
interface Told {
  readonly validators: readonly ValidatorRegistration[];
  /** First block that it had to read. */
  readonly fromBlock: number;
}

/** Compares the registry that a killed process left behind with one that is read from the chain's beginning. */
export class ContractCheck {
  /** What was not as it should be. */
  readonly defects: string[] = [];
  #comparisons = 0;
  #kept = 0;
  #validators = 0;
  /** Block from which the last registry went on. */
  #wentOnFrom = 0;

  constructor(
    private readonly contract: ContractChain,
    private readonly chain: ChainSpec,
  ) {}

  /** Looks at the folder of a process that is dead. */
  async check(dataDir: string): Promise<void> {
    if (!existsSync(join(dataDir, 'state'))) return;
    const folder = mkdtempSync(join(tmpdir(), 'kill-check-'));
    try {
      cpSync(join(dataDir, 'state'), join(folder, 'state'), { recursive: true });
      await this.contract.unchanged(async () => this.#compare(await this.#goOn(folder), await this.#read(undefined)));
    } catch (error) {
      this.defects.push(`after kill ${this.#comparisons + 1}: ${String(error)}`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** In one line. */
  get summary(): string {
    const { defects } = this;
    return (
      `the registry compared ${this.#comparisons} times with a fresh one (${this.contract.changes} changes, ` +
      `${this.#validators} validators now), ${this.#kept} times gone on from what was stored: ${defects.length} differ`
    );
  }

  #compare(left: Told, fresh: Told): void {
    this.#comparisons++;
    const [of, read] = [left, fresh].map(({ validators }) => linesOf(validators));
    if (of !== read) this.defects.push(`after kill ${this.#comparisons}: ${of} is stored, the chain says ${read}`);
    this.#validators = fresh.validators.length;
    if (left.fromBlock > 0) this.#kept++;
    // What was stored once is not read again.
    else if (this.#wentOnFrom > 0) this.defects.push(`after kill ${this.#comparisons}: what was stored is gone`);
    this.#wentOnFrom = Math.max(this.#wentOnFrom, left.fromBlock);
  }

  async #goOn(folder: string): Promise<Told> {
    const state = await openStateStore(folder, this.chain);
    try {
      return await this.#read({ path: folder, state });
    } finally {
      await state.close();
    }
  }

  async #read(storage: SourceSurroundings['storage']): Promise<Told> {
    const { chain, contract } = this;
    const life = new AbortController();
    let fromBlock = 0;
    const source = createSsvValidatorSource({
      executionNode: contract.url,
      contract: contract.contract,
      contractStartBlock: 0,
      followDistance: 0,
      onProgress: (progress) => (fromBlock = progress.fromBlock),
    });
    try {
      const surroundings = { chain, clock: new RealClock(), random: Math.random, diagnose: () => undefined, storage };
      await source.prepare(surroundings, life.signal);
      const validators = await new Promise<readonly ValidatorRegistration[]>((resolve, reject) => {
        AbortSignal.timeout(LONGEST_READING_MS).addEventListener('abort', () => reject(new Error('it is never known')));
        source.run((event) => event.type === 'VALIDATORS_KNOWN' && resolve(event.validators), reject, life.signal);
      });
      return { validators, fromBlock };
    } finally {
      life.abort();
      await source.close();
    }
  }
}

/** In an order of their own: that of a store is another than that of the chain. */
function linesOf(validators: readonly ValidatorRegistration[]): string {
  return validators
    .map(({ id, liquidated, committee, eventSlot }) => JSON.stringify({ id, liquidated, committee, eventSlot }))
    .sort()
    .join();
}
