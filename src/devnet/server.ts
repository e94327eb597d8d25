import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { BeaconCommitteeSubscription, Clock, SyncCommitteeSubscription } from '../../machines/ports.js';
import { answerRequest, errorResponse, type SubscriptionListener } from './beacon-api.js';
import { EVENTS_PATH, requestedTopics, streamEvents } from './beacon-api/event-answers.js';
import type { ApiRequest, ApiResponse } from './beacon-api/request.js';
import { Faults, type FaultAction } from './faults.js';
import { RefusedRequest, type NodeView } from './node-view.js';

const HOST = '127.0.0.1';
const BODY_LIMIT_BYTES = 32 * 1024 * 1024;
/** Older entries of the logs are dropped, so that a devnet can run for weeks. */
const KEPT_ENTRIES = 10_000;

const STREAM_HEADERS = {
  'access-control-allow-origin': '*',
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache,no-transform',
  'x-accel-buffering': 'no',
};

/** A request that arrived. */
export interface LoggedRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly bodyBytes: number;
  /** Unix time in ms. */
  readonly at: number;
  /** The client went away before it had the whole answer. */
  abandoned: boolean;
}

export interface BeaconServerOptions {
  readonly node: NodeView;
  /** For delays and the log's times. */
  readonly clock: Clock;
  /** 0, the default: any free port. */
  readonly port?: number;
  /** True, the default: an event stream shows no response headers before its first event, as real nodes do. */
  readonly lazyEventHeaders?: boolean;
}

/** The port is in use already. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
  constructor(
    readonly host: string,
    readonly port: number,
    options?: ErrorOptions,
  ) {
    super(`port ${port} on ${host} is already in use`, options);
  }
}

/** The Beacon API of a devnet chain over HTTP and server-sent events, on loopback. */
export class BeaconServer {
  readonly faults = new Faults();
  readonly requests: LoggedRequest[] = [];
  /** What clients subscribed to, newest last. */
  readonly beaconCommitteeSubscriptions: BeaconCommitteeSubscription[] = [];
  readonly syncCommitteeSubscriptions: SyncCommitteeSubscription[] = [];
  readonly #options: BeaconServerOptions;
  readonly #app: FastifyInstance;
  readonly #streams = new Set<EventStream>();
  readonly #timers = new Set<unknown>();
  #closed = false;

  constructor(options: BeaconServerOptions) {
    this.#options = options;
    this.#app = Fastify({ bodyLimit: BODY_LIMIT_BYTES, forceCloseConnections: true });
    this.#app.removeAllContentTypeParsers();
    this.#app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
      try {
        const parsed: unknown = JSON.parse(body.toString());
        done(null, { parsed, bytes: body.length } satisfies ReadBody);
      } catch (error) {
        done(Object.assign(new Error(`Body is not valid JSON: ${String(error)}`), { statusCode: 400 }));
      }
    });
    this.#app.setErrorHandler<Error & { statusCode?: number }>((error, _request, reply) =>
      send(reply, errorResponse(error.statusCode ?? 500, error.message)),
    );
    this.#app.setNotFoundHandler((request, reply) => this.#serve(request, reply));
    this.#app.route({ method: ['GET', 'POST'], url: '*', handler: (request, reply) => this.#serve(request, reply) });
  }

  /** Base URL, once started. */
  get url(): string {
    return `http://${HOST}:${this.#port()}`;
  }

  /** Event streams that are open. */
  get streamCount(): number {
    return this.#streams.size;
  }

  /** @throws PortTakenError when another process listens there */
  async start(): Promise<void> {
    const port = this.#options.port ?? 0;
    try {
      await this.#app.listen({ host: HOST, port });
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
        throw new PortTakenError(HOST, port, { cause: error });
      }
      throw error;
    }
  }

  /** Ends everything at once: requests that hang and event streams too. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) this.#options.clock.clearTimeout(timer);
    this.dropStreams();
    await this.#app.close();
  }

  /** Breaks every open event stream. */
  dropStreams(): void {
    for (const stream of [...this.#streams]) stream.drop();
  }

  /** The streams open now stay open and say nothing any more, as if they had died without their client noticing. */
  silenceStreams(): void {
    for (const stream of this.#streams) stream.silent = true;
  }

  #port(): number {
    const address: AddressInfo | string | null = this.#app.server.address();
    if (address === null || typeof address === 'string') throw new Error('the beacon server is not listening');
    return address.port;
  }

  async #serve(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const body = request.body as ReadBody | undefined;
    const [path = '', query = ''] = request.url.split('?', 2);
    const { method } = request;
    const asked: ApiRequest = { method, path, query: new URLSearchParams(query), body: body?.parsed };
    const entry = {
      method,
      path: request.url,
      bodyBytes: body?.bytes ?? 0,
      at: this.#options.clock.now(),
      abandoned: false,
    };
    remember(this.requests, [entry]);
    let broken = false;
    reply.raw.once('close', () => (entry.abandoned = !reply.raw.writableFinished && !broken && !this.#closed));

    const fault = this.faults.take(asked);
    if (fault === 'hang') return reply.hijack();
    if (fault === 'reset') {
      broken = true;
      reply.hijack();
      request.raw.socket.resetAndDestroy();
      return reply;
    }
    if (typeof fault === 'object' && fault.delayMs !== undefined) await this.#wait(fault.delayMs);
    if (reply.raw.destroyed) return reply.hijack();
    if (asked.path === EVENTS_PATH && method === 'GET' && !replaces(fault)) return this.#stream(asked, request, reply);

    const answer = replaces(fault)
      ? { status: fault.status, headers: {}, body: fault.body }
      : answerRequest(this.#options.node, asked, this.#subscriptions);
    if (fault !== 'truncate') return send(reply, answer);
    broken = true;
    const bytes = Buffer.from(JSON.stringify(answer.body ?? {}));
    reply.hijack();
    reply.raw.writeHead(answer.status, { 'content-type': 'application/json', 'content-length': bytes.length });
    reply.raw.write(bytes.subarray(0, bytes.length / 2), () => request.raw.socket.destroy());
    return reply;
  }

  readonly #subscriptions: SubscriptionListener = {
    beaconCommittees: (entries) => remember(this.beaconCommitteeSubscriptions, entries),
    syncCommittees: (entries) => remember(this.syncCommitteeSubscriptions, entries),
  };

  #stream(asked: ApiRequest, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    let topics: ReadonlySet<string>;
    try {
      topics = requestedTopics(asked.query);
    } catch (error) {
      if (error instanceof RefusedRequest) return send(reply, errorResponse(error.status, error.message));
      throw error;
    }
    reply.hijack();
    const { raw } = reply;
    const begin = (): void => {
      if (!raw.headersSent) raw.writeHead(200, STREAM_HEADERS).flushHeaders();
    };
    if (this.#options.lazyEventHeaders === false) begin();
    const stream: EventStream = { silent: false, drop: () => request.raw.socket.destroy() };
    const stop = streamEvents(this.#options.node, topics, (frame) => {
      if (stream.silent) return;
      begin();
      raw.write(frame);
    });
    this.#streams.add(stream);
    raw.once('close', () => {
      stop();
      this.#streams.delete(stream);
    });
    return reply;
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#options.clock.setTimeout(() => {
        this.#timers.delete(timer);
        resolve();
      }, delayMs);
      this.#timers.add(timer);
    });
  }
}

interface ReadBody {
  readonly parsed: unknown;
  readonly bytes: number;
}

interface EventStream {
  silent: boolean;
  readonly drop: () => void;
}

function replaces(fault: FaultAction | undefined): fault is Extract<FaultAction, { status: number }> {
  return typeof fault === 'object' && 'status' in fault;
}

/** A body given as text goes out as it is, so that a fault can be broken JSON. */
function send(
  reply: FastifyReply,
  { status, headers, body }: Omit<ApiResponse, 'body'> & { body?: unknown },
): FastifyReply {
  reply.code(status).header('access-control-allow-origin', '*').headers(headers);
  if (body === undefined) return reply.send();
  return reply
    .header('content-type', 'application/json; charset=utf-8')
    .send(typeof body === 'string' ? body : JSON.stringify(body));
}

function remember<T>(log: T[], entries: readonly T[]): void {
  for (const entry of entries) log.push(entry);
  if (log.length > KEPT_ENTRIES) log.splice(0, log.length - KEPT_ENTRIES);
}
