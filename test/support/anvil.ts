import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Interface, type InterfaceAbi } from 'ethers/abi';
import { VALID_SHARES } from './ssv-events.js';

/** Path of the execution client of test/anvil; undefined where there is none for this platform: such tests skip. */
export const ANVIL = anvilBinary();
export const ANVIL_MISSING = 'skipped: the execution client of test/anvil is not installed for this platform';

// Found by its package, because some tests run compiled, elsewhere.
const ARTEFACT_PATH = createRequire(import.meta.url).resolve('ssv-duty-scheduler-anvil/SsvEvents.json');
const ARTEFACT = JSON.parse(readFileSync(ARTEFACT_PATH, 'utf8')) as {
  readonly abi: InterfaceAbi;
  readonly bytecode: string;
};
/** ABI of the contract of test/anvil. */
export const SSV_EVENTS = new Interface(ARTEFACT.abi);

function anvilBinary(): string | undefined {
  try {
    const manifest = createRequire(import.meta.url).resolve('@foundry-rs/anvil-linux-amd64/package.json');
    const path = join(dirname(manifest), 'bin', 'anvil');
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

interface Receipt {
  readonly status: string;
  readonly blockNumber: string;
  readonly contractAddress: string | null;
}

/** A real execution client as a process of its own, and the contract of test/anvil on it. */
export class Anvil {
  readonly #child: ChildProcess;
  readonly #over: Promise<unknown>;
  /** Address of the contract; empty before {@link deploy}. */
  contract = '';
  /** Sends the transactions. */
  account = '';
  #lastId = 0;

  private constructor(
    child: ChildProcess,
    readonly port: number,
  ) {
    this.#child = child;
    this.#over = new Promise((resolve) => child.once('close', resolve));
  }

  /** Starts it, on any port unless `--port` is among the arguments. */
  static async start(...args: string[]): Promise<Anvil> {
    const flags = args.includes('--port') ? args : ['--port', '0', ...args];
    const child = spawn(ANVIL!, flags, { stdio: ['ignore', 'pipe', 'pipe'] });
    const port = await new Promise<number>((resolve, reject) => {
      let output = '';
      const hear = (chunk: Buffer) => {
        output += chunk.toString();
        const listening = /Listening on 127\.0\.0\.1:(\d+)/.exec(output);
        if (listening !== null) resolve(Number(listening[1]));
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      child.once('close', () => reject(new Error(`anvil ended: ${output}`)));
    });
    const anvil = new Anvil(child, port);
    anvil.account = (await anvil.rpc<string[]>('eth_accounts'))[0]!;
    return anvil;
  }

  get http(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get ws(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  async rpc<T>(method: string, ...params: unknown[]): Promise<T> {
    const body = JSON.stringify({ jsonrpc: '2.0', id: ++this.#lastId, method, params });
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(this.http, { method: 'POST', headers, body });
    const answer = (await response.json()) as { result: T; error?: { message: string } };
    if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`);
    return answer.result;
  }

  /** Puts the contract on the chain. */
  async deploy(): Promise<void> {
    const receipt = await this.#transact({ data: ARTEFACT.bytecode });
    this.contract = receipt.contractAddress!;
  }

  /** Calls a function of the contract in a transaction; resolves to the number of its block. */
  async send(method: string, ...args: unknown[]): Promise<number> {
    return Number((await this.#transact(this.#call(method, args))).blockNumber);
  }

  /** Calls functions of the contract, all of them in one block; resolves to its number. */
  async sendTogether(...calls: readonly (readonly [method: string, ...args: unknown[]])[]): Promise<number> {
    await this.rpc('evm_setAutomine', false);
    const hashes: string[] = [];
    for (const [method, ...args] of calls) hashes.push(await this.#submit(this.#call(method, args)));
    await this.mine(1);
    const blocks = new Set<string>();
    for (const hash of hashes) blocks.add((await this.#receipt(hash)).blockNumber);
    await this.rpc('evm_setAutomine', true);
    if (blocks.size !== 1) throw new Error(`they are in blocks ${[...blocks].join()}`);
    return Number([...blocks][0]);
  }

  /** Adds validators of one cluster in one transaction. */
  add(operatorIds: readonly number[], ...publicKeys: string[]): Promise<number> {
    return this.send('addValidators', operatorIds, publicKeys, VALID_SHARES[operatorIds.length] ?? 0);
  }

  /** Adds empty blocks. */
  async mine(blocks: number): Promise<void> {
    await this.rpc('anvil_mine', `0x${blocks.toString(16)}`);
  }

  async blockNumber(): Promise<number> {
    return Number(await this.rpc<string>('eth_blockNumber'));
  }

  /** Ends it in order, so that it writes its `--state`. */
  async stop(): Promise<void> {
    this.#child.kill('SIGINT');
    await this.#over;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#over;
  }

  #call(method: string, args: readonly unknown[]): Record<string, string> {
    return { to: this.contract, data: SSV_EVENTS.encodeFunctionData(method, args) };
  }

  async #transact(transaction: Record<string, string>): Promise<Receipt> {
    return this.#receipt(await this.#submit(transaction));
  }

  #submit(transaction: Record<string, string>): Promise<string> {
    return this.rpc('eth_sendTransaction', { from: this.account, ...transaction });
  }

  async #receipt(hash: string): Promise<Receipt> {
    for (;;) {
      const receipt = await this.rpc<Receipt | null>('eth_getTransactionReceipt', hash);
      if (receipt?.status === '0x0') throw new Error(`transaction ${hash} failed`);
      if (receipt !== null) return receipt;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
