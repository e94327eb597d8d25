import { once } from 'node:events';
import { ServerProcess } from './server-process.js';

/** An execution node with so many blocks. */
export class ExecutionProcess extends ServerProcess {
  static async start(blocks: number): Promise<ExecutionProcess> {
    const child = ServerProcess.fork('execution-server.js', String(blocks));
    const [port] = (await once(child, 'message')) as [number];
    return new ExecutionProcess(child, port);
  }
}
