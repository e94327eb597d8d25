import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { NodeCommand, NodeReport, NodeSetup } from './protocol.js';

const SERVER = fileURLToPath(new URL('./beacon-server.js', import.meta.url));

/** A beacon node in a process of its own, so that it shares no event loop with what is measured. */
export class NodeProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  static async start(setup: NodeSetup): Promise<NodeProcess> {
    const child = fork(SERVER, { execArgv: [] });
    child.send({ do: 'set-up', setup } satisfies NodeCommand);
    const [report] = (await once(child, 'message')) as [NodeReport];
    if (report.did !== 'set-up') throw new Error('the beacon node did not start');
    return new NodeProcess(child, `http://127.0.0.1:${report.port}`);
  }

  /** Sends a head of the current slot. */
  head(reorg: boolean): void {
    this.#tell({ do: 'head', reorg });
  }

  /** Sends heads for so many slots; resolves after the last. */
  async play(slots: number, refetch: boolean): Promise<void> {
    this.#tell({ do: 'play', slots, refetch });
    await once(this.child, 'message');
  }

  stop(): void {
    this.child.disconnect();
  }

  #tell(command: NodeCommand): void {
    this.child.send(command);
  }
}
