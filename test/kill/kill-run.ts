import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ChildCommands, endOf } from '../support/child-commands.js';
import { DutyAccount, type Attestation } from './duty-account.js';
import { JournalTail } from './journal-tail.js';

/** Of the chain that `devnet --chain-only` serves. */
const SLOTS_PER_EPOCH = 8;
const VALIDATORS = Array.from({ length: 64 }, (_, index) => String(index));
/** An attestation may begin in so many slots after its own. */
const LAST_CHANCE = SLOTS_PER_EPOCH - 1;

export interface KillRunOptions {
  /** Path of the compiled command. */
  readonly command: string;
  readonly kills: number;
  readonly slotMs: number;
  /** Longest life in ms: a process is killed at any moment before, its start included. */
  readonly longestLifeMs: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly onKill?: (kills: number, account: DutyAccount) => void;
}

/**
 * Runs the command on a chain of its own, kills it with −9 at random points and starts it again on the same folder, and
 * accounts for every duty by the journal. At the end it is stopped in order.
 */
export async function killRun(options: KillRunOptions): Promise<{ account: DutyAccount; exitCode: number | null }> {
  const { command, kills, slotMs, longestLifeMs, random, onKill } = options;
  const folder = mkdtempSync(join(tmpdir(), 'kill-run-'));
  const dataDir = join(folder, 'data');
  const commands = new ChildCommands(command, folder);
  try {
    const { url } = await commands.startChain('--slot-ms', String(slotMs));
    const chain = await ChainView.of(url, slotMs);
    const account = new DutyAccount();
    const tail = new JournalTail(dataDir);
    const live = () => {
      const flags = ['--validators', VALIDATORS.join(), '--data-dir', dataDir, '--late', 'journal', '--http', 'off'];
      const child = commands.start(['run', '--beacon-node', url, ...flags, '--log-format', 'json']);
      child.stdout.resume();
      return child;
    };
    // The folder, and the slot from which its record counts, are there before the first kill.
    let child = live();
    await delay(longestLifeMs);
    for (let killed = 0; killed < kills; killed++) {
      await endOf(child, 'SIGKILL');
      account.take(tail.news(), Date.now());
      await chain.checkEpochs(account);
      onKill?.(killed + 1, account);
      child = live();
      await delay(random() * longestLifeMs);
    }
    // The last life makes up what is left, and lasts until all of it can be looked for.
    await delay(longestLifeMs + 3 * SLOTS_PER_EPOCH * slotMs);
    const exitCode = await endOf(child, 'SIGTERM');
    account.take(tail.news(), Date.now());
    await chain.checkEpochs(account);
    return { account, exitCode };
  } finally {
    await commands.clear();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the chain says of attestations, asked past the scheduler. */
class ChainView {
  #nextEpoch: number;

  private constructor(
    private readonly url: string,
    private readonly genesisMs: number,
    private readonly slotMs: number,
  ) {
    // Of the first epochs the record does not have everything: the process was being started.
    this.#nextEpoch = Math.ceil((Date.now() - genesisMs) / slotMs / SLOTS_PER_EPOCH) + 2;
  }

  static async of(url: string, slotMs: number): Promise<ChainView> {
    const { data } = await json<{ data: { genesis_time: string } }>(`${url}/eth/v1/beacon/genesis`);
    return new ChainView(url, Number(data.genesis_time) * 1000, slotMs);
  }

  /** Every epoch, once, when the last of its attestations has had its last chance. */
  async checkEpochs(account: DutyAccount): Promise<void> {
    const startOf = (slot: number) => this.genesisMs + slot * this.slotMs;
    const isOver = (epoch: number) => startOf((epoch + 2) * SLOTS_PER_EPOCH) < Date.now();
    for (; isOver(this.#nextEpoch); this.#nextEpoch++) {
      account.checkEpoch(this.#nextEpoch, await this.#attestations(this.#nextEpoch), startOf, LAST_CHANCE);
    }
  }

  async #attestations(epoch: number): Promise<Attestation[]> {
    const { data } = await json<{ data: { validator_index: string; slot: string }[] }>(
      `${this.url}/eth/v1/validator/duties/attester/${epoch}`,
      { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(VALIDATORS) },
    );
    return data.map(({ validator_index, slot }) => ({ validator: Number(validator_index), slot: Number(slot) }));
  }
}

async function json<T>(url: string, init?: RequestInit): Promise<T> {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}
