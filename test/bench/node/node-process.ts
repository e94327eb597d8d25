import { once } from 'node:events';
import type { NodeCommand, NodeReport, NodeSetup } from './protocol.js';
import { ServerProcess } from './server-process.js';

/** A beacon node that is told what to show. */
export class NodeProcess extends ServerProcess {
  static async start(setup: NodeSetup): Promise<NodeProcess> {
    const child = ServerProcess.fork('beacon-server.js');
    child.send({ do: 'set-up', setup } satisfies NodeCommand);
    const [report] = (await once(child, 'message')) as [NodeReport];
    if (report.did !== 'set-up') throw new Error('the beacon node did not start');
    return new NodeProcess(child, report.port);
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

  #tell(command: NodeCommand): void {
    this.child.send(command);
  }
}
