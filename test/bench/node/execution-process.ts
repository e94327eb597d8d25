import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const SERVER = fileURLToPath(new URL('./execution-server.js', import.meta.url));

/** An execution node in a process of its own, with so many blocks. */
export class ExecutionProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  static async start(blocks: number): Promise<ExecutionProcess> {
    const child = fork(SERVER, [String(blocks)], { execArgv: [] });
    const [port] = (await once(child, 'message')) as [number];
    return new ExecutionProcess(child, `http://127.0.0.1:${port}`);
  }

  stop(): void {
    this.child.disconnect();
  }
}
