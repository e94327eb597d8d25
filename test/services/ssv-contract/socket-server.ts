import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';

/** A JSON-RPC request as the server saw it. */
export interface SeenCall {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** A real WebSocket server on a free port, under the control of a test. It subscribes everyone by itself. */
export class SocketServer {
  readonly calls: SeenCall[] = [];
  readonly requests: IncomingMessage[] = [];
  readonly sockets: WebSocket[] = [];
  /** Answers one call. */
  handle: (call: SeenCall, socket: WebSocket) => void = (call, socket) => this.answer(socket, call, null);
  #server: WebSocketServer | undefined;

  async listen(port = 0): Promise<this> {
    const server = new WebSocketServer({ host: '127.0.0.1', port });
    this.#server = server;
    server.on('connection', (socket, request) => {
      this.requests.push(request);
      this.sockets.push(socket);
      socket.on('message', (data: Buffer) => {
        const call = JSON.parse(data.toString()) as SeenCall;
        if (call.method === 'eth_subscribe') return this.answer(socket, call, '0x1');
        this.calls.push(call);
        this.handle(call, socket);
      });
    });
    await new Promise((resolve) => server.once('listening', resolve));
    return this;
  }

  get port(): number {
    return (this.#server!.address() as AddressInfo).port;
  }

  answer(socket: WebSocket, { id }: SeenCall, result: unknown): void {
    socket.send(JSON.stringify({ jsonrpc: '2.0', id, result }));
  }

  /** Tells everyone of a new head. */
  announce(): void {
    const params = { subscription: '0x1', result: {} };
    const text = JSON.stringify({ jsonrpc: '2.0', method: 'eth_subscription', params });
    for (const socket of this.sockets) socket.send(text);
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.terminate();
    await new Promise((resolve) => this.#server?.close(resolve));
  }
}
