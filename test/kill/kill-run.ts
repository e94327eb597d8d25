import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ChildCommands, endOf, type Child } from '../support/child-commands.js';
import { ChainView } from './chain-view.js';
import { ContractChain } from './contract-chain.js';
import { ContractCheck } from './contract-check.js';
import { DutyAccount, knowsDuties } from './duty-account.js';
import { JournalTail, type JournalLine } from './journal-tail.js';

/** Validators that come and go, where they come from the contract. */
const RESTLESS = 8;
/** What a life has written is read when it is over, however long it took on a busy machine. */
const JOURNAL_EPOCHS = '100';
const LOOK_EVERY_MS = 20;

export interface KillRunOptions {
  /** Path of the compiled command. */
  readonly command: string;
  readonly kills: number;
  readonly slotMs: number;
  /** Slots that the longest life lasts beyond its start; a process is killed at any moment before, its start included. */
  readonly longestLifeSlots: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Validators come from the SSV contract on an execution client, not from a list. */
  readonly withContract: boolean;
  readonly onKill?: (kills: number, result: KillRunResult) => void;
}

export interface KillRunResult {
  readonly account: DutyAccount;
  /** Undefined without a contract. */
  readonly registry: ContractCheck | undefined;
  /** Processes that ended before they were killed. */
  readonly endedByThemselves: readonly string[];
}

/**
 * Runs the command on a chain of its own, kills it with −9 at random points and starts it again on the same folder, and
 * accounts for every duty by the journal, and for the registry of the contract by the chain. At the end the command is
 * stopped in order.
 */
export async function killRun(options: KillRunOptions): Promise<KillRunResult & { exitCode: number | null }> {
  const { command, kills, slotMs, longestLifeSlots, random, withContract, onKill } = options;
  const folder = mkdtempSync(join(tmpdir(), 'kill-run-'));
  const dataDir = join(folder, 'data');
  const commands = new ChildCommands(command, folder);
  let contract: ContractChain | undefined;
  try {
    const { url } = await commands.startChain('--slot-ms', String(slotMs));
    const chain = await ChainView.of(url, withContract ? RESTLESS : 0);
    const keys = chain.publicKeys;
    if (withContract) contract = await ContractChain.start(keys.slice(0, -RESTLESS), keys.slice(-RESTLESS), random);
    const registry = contract && new ContractCheck(contract, chain.spec);
    const account = new DutyAccount();
    const tail = new JournalTail(dataDir);
    const endedByThemselves: string[] = [];
    const result = { account, registry, endedByThemselves };
    const live = () => {
      const validators = contract?.flags ?? ['--validators', keys.map((_, index) => index).join()];
      const kept = ['--data-dir', dataDir, '--journal-epochs', JOURNAL_EPOCHS, '--late', 'journal'];
      const shown = ['--http', 'off', '--log-format', 'json'];
      const child = commands.start(['run', '--beacon-node', url, ...validators, ...kept, ...shown]);
      child.stdout.resume();
      return child;
    };
    const takeStock = async (before: readonly JournalLine[] = []) => {
      account.take([...before, ...tail.news()], Date.now());
      await registry?.check(dataDir);
      await chain.checkEpochs(account);
    };
    // The folder, and the slot from which its record counts, are there before the first kill.
    let child = live();
    const bornAt = Date.now();
    const begun = await beginningOf(child, tail);
    // How long a start takes depends on the machine.
    const longestLifeMs = Date.now() - bornAt + longestLifeSlots * slotMs;
    await delay(longestLifeMs);
    for (let killed = 0; killed < kills; killed++) {
      const exitCode = await endOf(child, 'SIGKILL');
      if (exitCode !== null) endedByThemselves.push(`exit code ${exitCode} before kill ${killed + 1}`);
      await takeStock(killed === 0 ? begun : []);
      onKill?.(killed + 1, result);
      child = live();
      await delay(random() * longestLifeMs);
    }
    // The last life makes up what is left, and lasts until all of it can be looked for.
    await delay(2 * longestLifeMs + 3 * chain.spec.slotsPerEpoch * slotMs);
    const exitCode = await endOf(child, 'SIGTERM');
    await takeStock();
    return { ...result, exitCode };
  } finally {
    await commands.clear();
    await contract?.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the journal says up to the first attester duties. */
async function beginningOf(child: Child, tail: JournalTail): Promise<JournalLine[]> {
  const lines: JournalLine[] = [];
  while (!lines.some(knowsDuties)) {
    if (child.exitCode !== null) throw new Error(`the first process ended with exit code ${child.exitCode}`);
    await delay(LOOK_EVERY_MS);
    lines.push(...tail.news());
  }
  return lines;
}
