import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ChildCommands, endOf, type Child } from '../support/child-commands.js';
import type { Held } from './gauge.js';

const VALIDATORS = Array.from({ length: 64 }, (_, index) => index).join();
/** What is loaded into the command, compiled beside this file. */
const GAUGE = join(import.meta.dirname, 'gauge.js');
const PATIENCE_MS = 60_000;

/** One look at the processes. Bytes where it is memory. */
export interface Sample extends Held {
  /** Unix ms. */
  readonly time: number;
  /** Of `/proc`: all open files of the process, and those that are sockets. */
  readonly files: number;
  readonly sockets: number;
  /** XState actors that live. */
  readonly actors: number;
  /** Duties executed so far; and those that were skipped, cancelled or failed. */
  readonly executed: number;
  readonly missed: number;
  /** Memory of the chain's process, as the system counts it. */
  readonly chainRss: number;
}

export interface SoakOptions {
  /** Path of the compiled command. */
  readonly command: string;
  readonly slotMs: number;
  readonly everyMs: number;
  readonly forMs: number;
  readonly onSample: (sample: Sample) => void;
}

/** Runs the command on a chain of its own and looks at it now and then. At the end it is stopped in order. */
export async function soakRun(options: SoakOptions): Promise<{ exitCode: number | null }> {
  const { command, slotMs, everyMs, forMs, onSample } = options;
  const folder = mkdtempSync(join(tmpdir(), 'soak-'));
  const commands = new ChildCommands(command, folder);
  try {
    const chain = await commands.startChain('--slot-ms', String(slotMs));
    const run = commands.start(
      [
        ...['run', '--beacon-node', chain.url, '--validators', VALIDATORS, '--data-dir', join(folder, 'data')],
        ...['--http', '127.0.0.1:0', '--log-format', 'json'],
      ],
      { node: ['--expose-gc', '--import', GAUGE], ipc: true },
    );
    const duties = countDuties(run);
    const page = await pageOf(run);
    const until = Date.now() + forMs;
    for (let next = Date.now() + everyMs; next <= until; next += everyMs) {
      await delay(Math.max(0, next - Date.now()));
      const { total: actors } = (await (await fetch(`${page}api/machines`)).json()) as { total: number };
      const held = await ask(run);
      const links = linksOf(run.pid!);
      onSample({
        time: Date.now(),
        ...held,
        files: links.length,
        sockets: links.filter((link) => link.startsWith('socket:')).length,
        actors,
        ...duties(),
        chainRss: rssOf(chain.process.pid!),
      });
    }
    return { exitCode: await endOf(run, 'SIGTERM') };
  } finally {
    await commands.clear();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function ask(run: Child): Promise<Held> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the command does not answer')), PATIENCE_MS);
    run.once('message', (held) => {
      clearTimeout(timer);
      resolve(held as Held);
    });
    run.send('look');
  });
}

/** The address of the page, as the command says it. */
async function pageOf(run: Child): Promise<string> {
  let text = '';
  return new Promise((resolve, reject) => {
    run.stderr.on('data', (chunk: string) => {
      const page = /the page is at (http\S+)/.exec((text = (text + chunk).slice(-10_000)))?.[1];
      if (page !== undefined) resolve(page);
    });
    run.once('exit', () => reject(new Error(`the command has ended: ${text}`)));
  });
}

/** Counts the duties of the event log while it comes. */
function countDuties({ stdout }: Child): () => { executed: number; missed: number } {
  let [executed, missed, rest] = [0, 0, ''];
  stdout.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    for (const line of lines) {
      const { type, validators = [] } = JSON.parse(line) as { type: string; validators?: number[] };
      if (type === 'duty-executed') executed += validators.length;
      if (['duty-skipped', 'duty-cancelled', 'duty-failed'].includes(type)) missed += validators.length;
    }
  });
  return () => ({ executed, missed });
}

/** What the open files of a process are. */
function linksOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).flatMap((file) => {
    try {
      return [readlinkSync(join(folder, file))];
    } catch {
      // Closed meanwhile.
      return [];
    }
  });
}

function rssOf(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]!;
  return 1024 * Number(kilobytes);
}
