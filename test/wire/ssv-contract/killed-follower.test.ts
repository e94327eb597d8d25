import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { slotAt } from '../../../machines/rules/chain-time.js';
import type { ValidatorSourceEvent } from '../../../machines/rules/validator-changes.js';
import { openStateStore } from '../../../services/data-directory/state-store.js';
import { ContractLedger } from '../../../services/ssv-contract/contract-ledger.js';
import { readLog } from '../../../services/ssv-contract/contract-logs.js';
import { ContractRegistry } from '../../../services/ssv-contract/contract-registry.js';
import { ContractStore } from '../../../services/ssv-contract/contract-store.js';
import { CONTRACT_EVENTS } from '../../../services/ssv-contract/contract-types.js';
import { groupByBlock } from '../../../services/ssv-contract/logs-of-blocks.js';
import { RandomStream } from '../../../src/devnet/deterministic-random.js';
import { chainSpecOf, DEFAULT_PARAMETERS } from '../../../src/devnet/parameters.js';
import { NodeServer } from '../../services/beacon-node/node-server.js';
import { logOf, publicKeyOf } from '../../services/ssv-contract/contract-log-maker.js';
import { contentOf } from '../../services/ssv-contract/registry-events.js';
import { builtCommand } from '../../support/built-command.js';
import { ExecutionChain, logsOf, type RawBlock, type RawLog } from '../../support/execution-chain.js';

const KILLS = Number(process.env['CONTRACT_KILLS'] ?? 12);
const SEED = Number(process.env['CONTRACT_KILL_SEED'] ?? 1);
const CONTRACT = `0x${'c0'.repeat(20)}`;
const CHAIN = chainSpecOf({ ...DEFAULT_PARAMETERS, genesisTimeMs: 1_700_000_000_000, slotDurationMs: 50 });
/** The node answers no larger range, so that much is stored between two moments. */
const MOST_BLOCKS = 12;
/** Blocks that come while nobody follows. */
const HISTORY_BLOCKS = 150;
/** A life ends at any moment of so many ms after its first request. */
const LONGEST_LIFE_MS = 1500;
/** The same where it should end in the history. */
const LONGEST_HISTORY_MS = 150;
/** Pause between two blocks. */
const BLOCK_MS = 30;
/** Blocks that a life which is let catch up hears of one by one. */
const BLOCKS_HEARD = 10;
const LONGEST_WAIT_MS = 30_000;

const OWNERS = ['a1', 'b0'].map((byte) => `0x${byte.repeat(20)}`);
const COMMITTEES = [
  [1, 2, 3, 4],
  [1, 2, 3, 7],
];

/** Up to three logs of a few validators, so that they often meet; some make no sense where they stand. */
function someLogs(random: RandomStream): RawLog[] {
  return Array.from({ length: random.below(4) }, () => {
    const { topics, data } = logOf(CONTRACT_EVENTS[random.below(CONTRACT_EVENTS.length)]!, {
      owner: OWNERS[random.below(2)]!,
      operatorIds: COMMITTEES[random.below(2)]!,
      publicKey: publicKeyOf(random.below(8)),
    });
    return { address: CONTRACT, topics, data };
  });
}

/** What a registry holds that does not depend on the ranges in which it was read. */
function holdingsOf(registry: ContractRegistry): unknown {
  const { validators, clusters, members } = contentOf(registry) as Record<string, unknown>;
  return { validators, clusters, members };
}

/** The registry after some blocks, read at once. */
async function freshlyRead(blocks: readonly RawBlock[]): Promise<ContractRegistry> {
  const registry = new ContractRegistry();
  const ledger = new ContractLedger({
    registry,
    store: undefined,
    slotOf: (timestamp) => slotAt(CHAIN, timestamp * 1000),
  });
  const logs = blocks.flatMap(logsOf).map((log) => readLog(log)!);
  const through = blocks.at(-1)!;
  await ledger.take(groupByBlock(logs, { address: CONTRACT, fromBlock: 0, toBlock: through.number }), through);
  return registry;
}

/** Validators as somebody knows them who hears all that is told; throws for what is told twice. */
class Listener {
  #heard: Map<string, boolean> | undefined;

  /** Public keys, with whether their cluster is liquidated; undefined before anything was told. */
  get heard(): ReadonlyMap<string, boolean> | undefined {
    return this.#heard;
  }

  hear(event: ValidatorSourceEvent): void {
    if (event.type === 'VALIDATORS_KNOWN') {
      if (this.#heard !== undefined) throw new Error('VALIDATORS_KNOWN twice');
      this.#heard = new Map(event.validators.map(({ id, liquidated = false }) => [id, liquidated]));
      return;
    }
    const heard = this.#heard;
    if (heard === undefined) throw new Error(`${event.type} before VALIDATORS_KNOWN`);
    if (event.type === 'VALIDATOR_ADDED') {
      for (const { id, liquidated = false } of event.validators) {
        if (heard.has(id)) throw new Error(`VALIDATOR_ADDED ${id} twice`);
        heard.set(id, liquidated);
      }
      return;
    }
    for (const id of event.ids) {
      const liquidated = heard.get(id);
      const makesSense = { VALIDATOR_REMOVED: true, VALIDATOR_EXITED: true }[event.type as 'VALIDATOR_REMOVED'];
      if (liquidated === undefined || !(makesSense ?? liquidated === (event.type === 'CLUSTER_REACTIVATED'))) {
        throw new Error(`${event.type} of ${id}, which was ${liquidated}`);
      }
      if (event.type === 'VALIDATOR_REMOVED') heard.delete(id);
      else if (event.type !== 'VALIDATOR_EXITED') heard.set(id, event.type === 'CLUSTER_LIQUIDATED');
    }
  }
}

/** Sorted, to be compared. */
function known(registry: ContractRegistry): [string, boolean][] {
  return registry
    .known()
    .map(({ id, liquidated = false }): [string, boolean] => [id, liquidated])
    .sort();
}

beforeAll(() => void builtCommand(), 60_000);

it(
  `killed with −9 at random points of history and live, it stores the contract as it was at some block, and tells each change once (${KILLS} kills, seed ${SEED})`,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'killed-follower-'));
    const build = join(dirname(builtCommand()), '..', '..');
    const random = new RandomStream('killed follower', SEED);
    const blocks = new RandomStream('blocks', SEED);
    const chain = new ExecutionChain();
    let highest = 0;
    const grow = () => {
      if (blocks.below(12) === 0 && chain.head.number > 10) chain.takeBack(1 + blocks.below(6));
      chain.mine(someLogs(blocks));
      highest = Math.max(highest, chain.head.number);
    };
    const server = await new NodeServer().listen();
    let asked = 0;
    server.handle(({ body }, response) => {
      const { id, method, params } = JSON.parse(body) as { id: number; method: string; params: { toBlock: string }[] };
      asked += 1;
      const [filter] = params as unknown as { fromBlock: string; toBlock: string }[];
      const tooMuch = method === 'eth_getLogs' && Number(filter!.toBlock) - Number(filter!.fromBlock) >= MOST_BLOCKS;
      const outcome = tooMuch
        ? { error: { code: -32005, message: 'block range limit exceeded' } }
        : { result: chain.answer(method, params) };
      response.end(JSON.stringify({ jsonrpc: '2.0', id, ...outcome }));
    });
    /** Lives that ended in the history, and live; events that were told. */
    const counts = { beforeKnown: 0, live: 0, told: 0 };

    const live = async (longestMs: number, settles: boolean) => {
      const listener = new Listener();
      const errors: unknown[] = [];
      const script = join(import.meta.dirname, '../../support/follower-process.mjs');
      const child = spawn(process.execPath, [script, build, folder, server.url, CONTRACT]);
      const over = new Promise((resolve) => child.once('close', resolve));
      let errorText = '';
      let line = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (errorText += text));
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        const lines = (line + text).split('\n');
        line = lines.pop()!;
        try {
          for (const complete of lines) listener.hear(JSON.parse(complete) as ValidatorSourceEvent);
        } catch (error) {
          errors.push(error);
        }
        counts.told += lines.length;
      });
      const until = async (holds: () => boolean, what: () => string) => {
        const deadline = Date.now() + LONGEST_WAIT_MS;
        while (!holds()) {
          if (errors.length > 0) return;
          if (Date.now() > deadline || child.exitCode !== null) throw new Error(`${what()}: ${errorText}`);
          await delay(5);
        }
      };
      try {
        const before = asked;
        await until(
          () => asked > before,
          () => 'it never asked',
        );
        const end = Date.now() + random.fraction() * longestMs;
        while (Date.now() < end) {
          grow();
          await delay(Math.min(BLOCK_MS, Math.max(0, end - Date.now())));
        }
        for (let block = 0; settles && block < BLOCKS_HEARD; block++) {
          // A head below what was read may be that of a node that is behind: a re-org shows when the chain is as long again.
          while (chain.head.number < highest) chain.mine(someLogs(blocks));
          const fresh = JSON.stringify(known(await freshlyRead(chain.branchOf(chain.head.hash))));
          const heard = () => listener.heard && JSON.stringify([...listener.heard].sort());
          await until(
            () => heard() === fresh,
            () => `it should have told ${fresh}, and has told ${heard()}`,
          );
          grow();
        }
      } finally {
        child.kill('SIGKILL');
        await over;
      }
      expect(errors).toEqual([]);
      expect(errorText).toBe('');
      if (listener.heard === undefined) counts.beforeKnown += 1;
      else counts.live += 1;
    };

    const checkStore = async () => {
      const state = await openStateStore(folder, CHAIN);
      try {
        const identity = { chainId: chain.chainId, contract: CONTRACT, startBlock: 0 };
        const { registry } = await ContractStore.open({ state, dataDir: folder, identity });
        if (registry.cursor === undefined) return;
        const branch = chain.branchOf(registry.cursor.hash);
        // As it is, and as it would be after going back.
        for (;;) {
          const { number, hash } = registry.cursor;
          expect(branch[number]!.hash).toBe(hash);
          expect(holdingsOf(registry)).toEqual(holdingsOf(await freshlyRead(branch.slice(0, number + 1))));
          const { points } = registry;
          if (points.length < 2) return;
          registry.rollBackTo(points[random.below(points.length - 1)]!);
        }
      } finally {
        await state.close();
      }
    };

    try {
      for (let kill = 0; kill < KILLS; kill++) {
        const isHistory = kill % 3 === 0;
        for (let i = 0; isHistory && i < HISTORY_BLOCKS; i++) grow();
        await live(isHistory ? LONGEST_HISTORY_MS : LONGEST_LIFE_MS, kill % 4 === 1);
        await checkStore();
      }
      await live(LONGEST_LIFE_MS, true);
      await checkStore();
      expect(counts.told).toBeGreaterThan(counts.live + BLOCKS_HEARD / 2);
      if (process.env['CONTRACT_KILLS'] !== undefined) console.log(counts);
    } finally {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
  120_000 + KILLS * 20_000,
);
