import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect } from 'vitest';
import { Anvil, ANVIL, ANVIL_MISSING } from '../support/anvil.js';
import { builtCommand } from '../support/built-command.js';
import { test, type Bench, type CommandProcess } from '../support/command-process.js';
import { publicKeyOf } from '../support/ssv-events.js';

const SLOTS_PER_EPOCH = 8;
const SLOT_MS = 1000;
const OURS = [1, 2, 3, 7];
const OTHERS = [4, 5, 6, 7];

if (ANVIL === undefined) console.warn(ANVIL_MISSING);
beforeAll(() => void builtCommand(), 60_000);

/** Answer of the chain's Beacon API. */
async function beacon<T>(url: string, path: string, body?: unknown): Promise<T> {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(url + path, { ...init, headers: { 'content-type': 'application/json' } });
  return ((await response.json()) as { data: T }).data;
}

/** Public keys of the chain's validators, by index. */
async function publicKeysOf(url: string): Promise<string[]> {
  const validators = await beacon<{ index: string; validator: { pubkey: string } }[]>(
    url,
    '/eth/v1/beacon/states/head/validators',
  );
  return validators.sort((a, b) => Number(a.index) - Number(b.index)).map(({ validator }) => validator.pubkey);
}

async function currentSlot(url: string): Promise<number> {
  const { genesis_time: genesis } = await beacon<{ genesis_time: string }>(url, '/eth/v1/beacon/genesis');
  return Math.floor((Date.now() - Number(genesis) * 1000) / SLOT_MS);
}

/** Slot in which a validator attests in an epoch. */
async function attestationSlot(url: string, epoch: number, index: number): Promise<number> {
  const path = `/eth/v1/validator/duties/attester/${epoch}`;
  const [duty] = await beacon<{ slot: string }[]>(url, path, [String(index)]);
  return Number(duty!.slot);
}

function executedBy(process: CommandProcess, index: number): number[] {
  return process.lines
    .filter(({ type, role }) => type === 'duty-executed' && role === 'attester')
    .filter(({ validators }) => (validators as number[]).includes(index))
    .map(({ slot }) => slot);
}

/** The latest slot with a duty that was executed, which need not have been the last one to be: others may be made up. */
function lastSlotExecutedBy(process: CommandProcess): number {
  return Math.max(-1, ...process.lines.filter(({ type }) => type === 'duty-executed').map(({ slot }) => slot));
}

describe.skipIf(ANVIL === undefined)('run with the SSV contract', { timeout: 90_000 }, () => {
  let anvil: Anvil;
  beforeEach(async () => {
    anvil = await Anvil.start();
    await anvil.deploy();
  });
  afterEach(() => anvil.kill());

  const contractFlags = (executionNode: string, contract = anvil.contract) => [
    ...['--execution-node', executionNode, '--contract', contract, '--contract-start-block', '0'],
    ...['--follow-distance', '0'],
  ];
  const start = (bench: Bench, beaconNode: string, ...more: string[]) =>
    bench.start([
      ...['run', '--beacon-node', beaconNode, '--log-format', 'json', '--roles', 'attester'],
      ...(more.includes('--execution-node') ? [] : contractFlags(anvil.ws)),
      ...more,
    ]);
  const started = (process: CommandProcess) => process.until(({ stdout }) => stdout.includes('scheduler-started'));

  test('a validator added by a transaction attests in the same epoch when its slot is still ahead', async ({
    bench,
  }) => {
    const { url } = await bench.startChain('--slot-ms', String(SLOT_MS));
    const keys = await publicKeysOf(url);
    await anvil.add(OURS, keys[0]!);
    const process = start(bench, url);
    await process.until((self) => executedBy(self, 0).length > 0);
    expect(process.lines.find(({ type }) => type === 'scheduler-started')).toMatchObject({ validators: 1 });

    // Somebody whose slot of the current epoch is two ahead, or more.
    let added: { index: number; slot: number } | undefined;
    while (added === undefined) {
      const now = await currentSlot(url);
      const epoch = Math.floor(now / SLOTS_PER_EPOCH);
      for (let index = 1; index < 20 && added === undefined; index++) {
        const slot = await attestationSlot(url, epoch, index);
        if (slot >= now + 2) added = { index, slot };
      }
      if (added === undefined) await delay(SLOT_MS);
    }
    await anvil.add(OURS, keys[added.index]!);
    const { index, slot } = added;
    await process.until((self) => executedBy(self, index).length > 0);
    expect(executedBy(process, index)[0]).toBe(slot);
    const change = process.lines.find(({ type }) => type === 'validators-changed');
    expect(change).toMatchObject({ cause: 'VALIDATOR_ADDED', added: [index], removed: [] });
    expect(await process.interrupt()).toBe(0);
  });

  test('of a liquidated cluster the next slot executes nothing; reactivated, it does again', async ({ bench }) => {
    const { url } = await bench.startChain('--slot-ms', String(SLOT_MS));
    // All of them, so that there is a duty in every slot.
    await anvil.add(OURS, ...(await publicKeysOf(url)));
    const process = start(bench, url, '--operator-id', '7');
    const lastExecuted = () => lastSlotExecutedBy(process);
    await process.until(() => lastExecuted() >= 0);
    const before = lastExecuted();
    await process.until(() => lastExecuted() > before);

    const liquidatedIn = lastExecuted();
    await anvil.send('liquidate', OURS);
    await process.until(({ stdout }) => stdout.includes('CLUSTER_LIQUIDATED'));
    expect(await currentSlot(url)).toBe(liquidatedIn);
    await delay(3 * SLOT_MS);
    const { lines } = process;
    const since = lines.slice(lines.findIndex(({ cause }) => cause === 'CLUSTER_LIQUIDATED'));
    expect(since.filter(({ type }) => type === 'duty-due' || type === 'duty-executed')).toEqual([]);
    expect(lastExecuted()).toBe(liquidatedIn);

    const reactivatedIn = await currentSlot(url);
    await anvil.send('reactivate', OURS);
    await process.until(() => lastExecuted() > reactivatedIn + 1);
    const slots = process.lines.filter(({ type }) => type === 'duty-executed').map(({ slot }) => slot);
    expect(slots).toContain(reactivatedIn + 1);
    expect(await process.interrupt()).toBe(0);
  });

  test('killed at any moment, it goes on where it was', async ({ bench }) => {
    const { url } = await bench.startChain('--slot-ms', String(SLOT_MS));
    const folder = join(bench.emptyFolder(), 'data');
    let number = 0;
    const addSome = async () => {
      for (let i = 0; i < 10; i++)
        await anvil.add(i % 2 === 0 ? OURS : OTHERS, publicKeyOf(++number), publicKeyOf(++number));
      await anvil.mine(250);
    };
    await addSome();
    for (let kill = 0; kill < 3; kill++) {
      const process = start(bench, url, '--data-dir', folder);
      if (kill < 2) await process.until(({ stderr }) => stderr.includes('history of the SSV contract'));
      else await started(process);
      const adding = addSome();
      await delay(50 * kill);
      process.signal('SIGKILL');
      await process.ended;
      await adding;
    }
    const process = start(bench, url, '--data-dir', folder);
    await started(process);
    expect(process.lines.find(({ type }) => type === 'scheduler-started')).toMatchObject({ validators: number });
    // What was stored before was not read again.
    const read = /: (\d+) events in /.exec(process.stderr)?.[1];
    expect(Number(read)).toBeLessThan(number);
    expect(await process.interrupt()).toBe(0);
  });

  test('a store of another contract is refused, and read anew with --resync', async ({ bench }) => {
    const { url } = await bench.startChain();
    const folder = join(bench.emptyFolder(), 'data');
    const first = start(bench, url, '--data-dir', folder);
    await started(first);
    expect(await first.interrupt()).toBe(0);
    const other = ['--data-dir', folder, ...contractFlags(anvil.http, `0x${'11'.repeat(20)}`)];
    const refused = start(bench, url, ...other);
    expect(await refused.ended).toBe(2);
    expect(refused.stderr).toMatch(/error: --data-dir .* another contract .*--resync forgets them\n$/);
    const anew = start(bench, url, ...other, '--resync');
    await started(anew);
    expect(await anew.interrupt()).toBe(0);
  });

  /** Another chain of the same id in place of the node's, long enough that nothing of the old one is left to compare. */
  const beginAnew = async () => {
    const { port } = anvil;
    await anvil.kill();
    // Blocks differ by the second in which their chain began.
    await delay(1000);
    anvil = await Anvil.start('--port', String(port));
    await anvil.deploy();
    await anvil.mine(1100);
  };

  test('validators stored of a chain that began anew are refused at the start, and read anew with --resync', async ({
    bench,
  }) => {
    const { url } = await bench.startChain();
    const [first, second] = await publicKeysOf(url);
    const folder = ['--data-dir', join(bench.emptyFolder(), 'data')];
    await anvil.add(OURS, first!);
    await anvil.mine(1100);
    const before = start(bench, url, ...folder);
    await started(before);
    expect(await before.interrupt()).toBe(0);
    await beginAnew();
    await anvil.add(OURS, first!, second!);
    const refused = start(bench, url, ...folder);
    expect(await refused.ended).toBe(2);
    expect(refused.stderr).toMatch(
      /error: --data-dir .* on another chain: none of its blocks \d+ to \d+ is on .*; --resync reads them from there\n$/,
    );
    const anew = start(bench, url, ...folder, '--resync');
    await started(anew);
    expect(anew.lines.find(({ type }) => type === 'scheduler-started')).toMatchObject({ validators: 2 });
    expect(await anew.interrupt()).toBe(0);
  });

  test('when the chain begins anew beside a running process, duties go on and readiness is red', async ({ bench }) => {
    const { url } = await bench.startChain('--slot-ms', String(SLOT_MS));
    await anvil.add(OURS, ...(await publicKeysOf(url)));
    await anvil.mine(1100);
    const process = start(bench, url, '--http', '127.0.0.1:0');
    const lastExecuted = () => lastSlotExecutedBy(process);
    await process.until(() => lastExecuted() >= 0);
    const page = /the page is at (http:\S+)\//.exec(process.stderr)![1]!;
    const followed = async () => {
      const { checks } = (await (await fetch(`${page}/readyz`)).json()) as {
        checks: { check: string; ok: boolean; detail: string }[];
      };
      return checks.find(({ check }) => check === 'validators-followed')!;
    };
    expect(await followed()).toMatchObject({ ok: true, detail: expect.stringMatching(/^up to block \d+$/) as string });
    await beginAnew();
    await process.until(({ stderr }) => stderr.includes('--resync'));
    expect(process.stderr).toMatch(/error: waiting for the execution node ws:.* that are stored are not on its chain/i);
    expect(await followed()).toMatchObject({ ok: false, detail: expect.stringMatching(/--resync/) as string });
    const slot = await currentSlot(url);
    await process.until(() => lastExecuted() > slot + 1);
    expect(await process.interrupt()).toBe(0);
  });

  test('an execution node on another chain than the beacon node is refused by name', async ({ bench }) => {
    const { url } = await bench.startChain();
    const other = await Anvil.start('--chain-id', '5');
    try {
      const process = start(bench, url, ...contractFlags(`http://user:secret@127.0.0.1:${other.port}`, anvil.contract));
      expect(await process.ended).toBe(2);
      expect(process.stderr).toMatch(
        new RegExp(`error: --execution-node http://127.0.0.1:${other.port} is on the chain with id 5, .*31337\n$`),
      );
      expect(process.stderr).not.toContain('secret');
    } finally {
      await other.kill();
    }
  });

  test('a network of another chain than the beacon node is refused', async ({ bench }) => {
    const { url } = await bench.startChain();
    const flags = ['run', '--beacon-node', url, '--execution-node', anvil.http, '--network', 'hoodi'];
    const process = bench.start(flags);
    expect(await process.ended).toBe(2);
    expect(process.stderr).toMatch(
      /error: --network hoodi is the chain with id 560048; the beacon node's has 31337\n$/,
    );
  });

  test('a server that is no execution node is refused by name', async ({ bench }) => {
    const { url } = await bench.startChain();
    const server = createServer((_, response) => response.end('<h1>hello</h1>'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const process = start(bench, url, ...contractFlags(`http://127.0.0.1:${port}/v3/secret`));
      expect(await process.ended).toBe(2);
      expect(process.stderr).toMatch(
        new RegExp(
          `error: --execution-node http://127.0.0.1:${port}/… is no execution node: eth_chainId: expected JSON\n$`,
        ),
      );
      expect(process.stderr).not.toContain('secret');
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  test('an execution node that cannot be reached is waited for, and used when it comes', async ({ bench }) => {
    const { url } = await bench.startChain();
    const { port } = anvil;
    await anvil.kill();
    const process = start(bench, url, ...contractFlags(`ws://user:secret@127.0.0.1:${port}`, `0x${'11'.repeat(20)}`));
    await process.until(({ stderr }) => stderr.includes(`waiting for the execution node ws://127.0.0.1:${port}`));
    expect(process.stdout).toBe('');
    anvil = await Anvil.start('--port', String(port));
    await started(process);
    expect(await process.interrupt()).toBe(0);
    expect(process.stdout + process.stderr).not.toMatch(/secret|dXNlcjpzZWNyZXQ/);
  });
});
