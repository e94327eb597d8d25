import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A request as the server saw it. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Handler = (request: SeenRequest, response: ServerResponse) => void;

/** A real HTTP server on a free port, under the control of a test. */
export class NodeServer {
  readonly requests: SeenRequest[] = [];
  /** Connections accepted so far. */
  connections = 0;
  /** Responses whose connection closed before they were complete. */
  brokenOff = 0;
  #handler: Handler = (_request, response) => void response.writeHead(404).end();
  readonly #server: Server;

  constructor() {
    this.#server = createServer((incoming, response) => {
      const parts: Buffer[] = [];
      response.on('close', () => {
        if (!response.writableFinished) this.brokenOff++;
      });
      incoming.on('data', (part: Buffer) => parts.push(part));
      incoming.on('end', () => {
        const { method = '', url = '', headers } = incoming;
        const request = { method, target: url, headers, body: Buffer.concat(parts).toString() };
        this.requests.push(request);
        this.#handler(request, response);
      });
    });
    this.#server.on('connection', (_socket: Socket) => this.connections++);
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  handle(handler: Handler): void {
    this.#handler = handler;
  }

  /** Answers every request with one JSON body, or with what a function makes of it. */
  json(body: unknown, status = 200): void {
    this.handle((request, response) => {
      const answer: unknown = typeof body === 'function' ? (body as (r: SeenRequest) => unknown)(request) : body;
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Waits, in real time, until a condition holds; fails after two seconds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 2000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
