import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base } from 'vitest';
import { builtCommand } from './built-command.js';

const VARIABLE_PREFIX = 'SSV_DUTY_SCHEDULER_';

/** A line of the event log as it comes over the pipe. */
export interface LogLine {
  readonly type: string;
  readonly time: number;
  readonly slot: number;
  readonly [field: string]: unknown;
}

/** The command as a process of its own. */
export class CommandProcess {
  stdout = '';
  stderr = '';
  /** Exit code; null where a signal ended it. */
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #watchers = new Set<() => void>();
  #over = false;

  constructor(
    readonly folder: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ) {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith(VARIABLE_PREFIX));
    this.#child = spawn(process.execPath, [builtCommand(), ...args], {
      cwd: this.folder,
      // Tests run beside each other, and have one well-known port.
      env: { ...Object.fromEntries(inherited), [`${VARIABLE_PREFIX}HTTP`]: 'off', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => this.#heard(() => (this.stdout += text)));
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => this.#heard(() => (this.stderr += text)));
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code) => {
        this.#heard(() => (this.#over = true));
        resolve(code);
      });
    });
  }

  /** Waits until something holds of what it wrote; fails when it ends before. */
  async until(holds: (self: this) => boolean): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        if (holds(this)) resolve();
        else if (this.#over) reject(new Error(`it ended before: ${this.stdout}\n${this.stderr}`));
        else return;
        this.#watchers.delete(look);
      };
      this.#watchers.add(look);
      look();
    });
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Asks it to stop as Ctrl-C does. */
  async interrupt(): Promise<number | null> {
    this.signal('SIGINT');
    return this.ended;
  }

  /** Stops reading what it writes, and breaks the pipe. */
  closeStdout(): void {
    this.#child.stdout!.destroy();
  }

  /** Lines of stdout as JSON. */
  get lines(): LogLine[] {
    const complete = this.stdout.slice(0, this.stdout.lastIndexOf('\n') + 1);
    return complete
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as LogLine);
  }

  #heard(take: () => void): void {
    take();
    for (const watcher of this.#watchers) watcher();
  }
}

/** The processes and folders of one test. */
export class Bench {
  readonly #processes: CommandProcess[] = [];
  readonly #folders: string[] = [];

  /** Starts the command in an empty folder of its own. */
  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): CommandProcess {
    const started = new CommandProcess(this.emptyFolder(), args, env);
    this.#processes.push(started);
    return started;
  }

  /** Starts a devnet chain alone and waits for its address. */
  async startChain(...args: string[]): Promise<{ readonly url: string; readonly process: CommandProcess }> {
    const started = this.start(['devnet', '--chain-only', ...args]);
    await started.until(({ stdout }) => stdout.includes('\n'));
    const url = /http:\/\/[\d.:]+\d/.exec(started.stdout)?.[0];
    if (url === undefined) throw new Error(`no address in ${started.stdout}`);
    return { url, process: started };
  }

  emptyFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), 'command-test-'));
    this.#folders.push(folder);
    return folder;
  }

  async clear(): Promise<void> {
    for (const started of this.#processes) started.signal('SIGKILL');
    await Promise.all(this.#processes.map(({ ended }) => ended));
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true });
  }
}

/** A test with a bench that is cleared when it is over. */
export const test = base.extend<{ bench: Bench }>({
  bench: async ({}, use) => {
    const bench = new Bench();
    await use(bench);
    await bench.clear();
  },
});
