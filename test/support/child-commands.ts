import { spawn, type ChildProcessWithoutNullStreams, type SpawnOptions } from 'node:child_process';

/** A process whose stdout and stderr are read. */
export type Child = ChildProcessWithoutNullStreams;

/** Commands that a program of the tests (no vitest test) keeps as children. */
export class ChildCommands {
  readonly #children: Child[] = [];

  /**
   * @param command path of the compiled command
   * @param folder where the children run
   */
  constructor(
    private readonly command: string,
    private readonly folder: string,
  ) {}

  /** Starts the command; `node` are flags of Node, `ipc` opens a channel to the child. */
  start(args: readonly string[], { node = [], ipc = false }: { node?: readonly string[]; ipc?: boolean } = {}): Child {
    const stdio: SpawnOptions['stdio'] = ['ignore', 'pipe', 'pipe', ...(ipc ? ['ipc' as const] : [])];
    const child = spawn(process.execPath, [...node, this.command, ...args], { cwd: this.folder, stdio }) as Child;
    child.stdout.setEncoding('utf8');
    child.stderr.setEncoding('utf8').resume();
    this.#children.push(child);
    return child;
  }

  /** Starts `devnet --chain-only` and waits for its address. */
  async startChain(...args: readonly string[]): Promise<{ readonly url: string; readonly process: Child }> {
    const process = this.start(['devnet', '--chain-only', ...args]);
    return { url: await addressIn(process), process };
  }

  /** Kills what still runs. */
  async clear(): Promise<void> {
    await Promise.all(this.#children.map((child) => endOf(child, 'SIGKILL')));
  }
}

/** Sends a signal and waits for the end; the exit code, null where the signal ended it. */
export async function endOf(child: Child, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.kill(signal);
  return ended;
}

/** The first address that a chain prints. */
async function addressIn({ stdout }: Child): Promise<string> {
  let text = '';
  return new Promise((resolve, reject) => {
    stdout.on('data', (chunk: string) => {
      const url = /http:\/\/[\d.:]+\d(?=:? )/.exec((text += chunk))?.[0];
      if (url !== undefined) resolve(url);
    });
    stdout.once('end', () => reject(new Error(`no address in ${text}`)));
  });
}
