import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Diagnostic } from '../../machines/rules/event-log.js';
import type { Audience } from './audience.js';
import { BRIDGE_PAGE, BRIDGE_POLICY, BRIDGE_SCRIPT } from './bridge-page.js';
import type { InspectionFeed } from './inspection-feed.js';
import { InspectorError } from './inspector-package.js';
import { RelayGuests } from './relay-guests.js';
import { refusalOf } from './request-check.js';

export interface RelayOptions {
  /** 0: any free one. */
  readonly port: number;
  readonly audience: Audience;
  readonly feed: Pick<InspectionFeed, 'introduce'>;
  readonly onDiagnostic: (diagnostic: Diagnostic) => void;
}

const LOOPBACK = '127.0.0.1';
const MOST_VIEWERS = 8;
const MOST_CONNECTIONS = 32;
/** A guest's registration carries its whole machine. */
const LONGEST_FRAME = 256 * 1024;
const REQUEST_MS = 5000;

/** A server on loopback that viewers connect to, and the page that leads to the Stately inspector. Never holds the process. */
export class Relay {
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: LONGEST_FRAME,
    perMessageDeflate: false,
    autoPong: false,
  });
  readonly #options: RelayOptions;
  readonly #guests: RelayGuests;
  #viewers = 0;

  private constructor(options: RelayOptions) {
    this.#options = options;
    this.#guests = new RelayGuests({
      tell: (message) => options.audience.tell(message),
      onSource: (socket) => options.audience.release(socket),
    });
    this.#server = createServer({ headersTimeout: REQUEST_MS, requestTimeout: REQUEST_MS }, (request, response) =>
      this.#answer(request, response),
    );
    this.#server.maxConnections = MOST_CONNECTIONS;
    this.#server.on('connection', (socket) => socket.unref());
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#upgrade(request, socket, head),
    );
  }

  /** Begins to listen. Rejects with an {@link InspectorError} where the port is not to be had. */
  static async open(options: RelayOptions): Promise<Relay> {
    const relay = new Relay(options);
    await relay.#listen(options.port);
    return relay;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** What a person opens in a browser. */
  get url(): string {
    return `http://${LOOPBACK}:${this.port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #listen(port: number): Promise<void> {
    const server = this.#server;
    return new Promise((resolve, reject) => {
      const refuse = (error: NodeJS.ErrnoException) => reject(new InspectorError(reasonOf(error, port)));
      server.once('error', refuse);
      server.listen({ port, host: LOOPBACK }, () => {
        server.off('error', refuse);
        const { onDiagnostic } = this.#options;
        server.on('error', ({ message }) => onDiagnostic({ level: 'warn', message: `inspector: ${message}` }));
        server.unref();
        resolve();
      });
    });
  }

  #answer({ method, url, headers }: IncomingMessage, response: ServerResponse): void {
    response.shouldKeepAlive = false;
    const refuse = (status: number, text: string) =>
      void response.writeHead(status, { 'Content-Type': 'text/plain' }).end(`${text}\n`);
    const refusal = refusalOf(headers);
    if (refusal !== undefined) return refuse(403, refusal);
    if (method !== 'GET') return refuse(405, 'only GET is served');
    const page = PAGES[url ?? ''];
    if (page === undefined) return refuse(404, 'there is nothing here');
    response.writeHead(200, { ...HEADERS, 'Content-Type': page.type }).end(page.text);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    if (refusalOf(request.headers) !== undefined) return turnAway(socket, '403 Forbidden');
    if (this.#viewers >= MOST_VIEWERS) return turnAway(socket, '503 Service Unavailable');
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) =>
      this.#admit(webSocket, request.headers.origin === undefined),
    );
  }

  #admit(socket: WebSocket, maySend: boolean): void {
    const { audience, feed, onDiagnostic } = this.#options;
    this.#viewers++;
    socket.once('close', () => this.#viewers--);
    this.#guests.listenTo(socket, maySend);
    audience.admit(socket, {
      name: 'inspector: a viewer',
      onDiagnostic,
      introduce: (send, done) => {
        this.#guests.introduce(send);
        feed.introduce(send, done);
      },
    });
  }
}

const HEADERS = {
  'Content-Security-Policy': BRIDGE_POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
  'Referrer-Policy': 'no-referrer',
};

const PAGES: Readonly<Record<string, { readonly type: string; readonly text: string } | undefined>> = {
  '/': { type: 'text/html; charset=utf-8', text: BRIDGE_PAGE },
  '/bridge.js': { type: 'text/javascript; charset=utf-8', text: BRIDGE_SCRIPT },
};

function turnAway(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
}

function reasonOf({ code, message }: NodeJS.ErrnoException, port: number): string {
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} on ${LOOPBACK} is taken`;
    case 'EACCES':
      return `no permission to listen on port ${port}`;
    default:
      return message;
  }
}
