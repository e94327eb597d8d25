import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A server in a process of its own, so that it shares no event loop with what is measured. */
export class ServerProcess {
  readonly url: string;

  protected constructor(
    protected readonly child: ChildProcess,
    port: number,
  ) {
    this.url = `http://127.0.0.1:${port}`;
  }

  /** Starts a program of this folder. */
  protected static fork(program: string, ...args: string[]): ChildProcess {
    return fork(fileURLToPath(new URL(`./${program}`, import.meta.url)), args, { execArgv: [] });
  }

  stop(): void {
    this.child.disconnect();
  }
}
