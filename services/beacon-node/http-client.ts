import { Agent, type Dispatcher } from 'undici';
import { BeaconNodeError, type BeaconNodeErrorKind, type Clock } from '../../machines/ports.js';
import { abortedError, httpError, schemaError, timeoutError, tooLargeError, transportError } from './failures.js';
import { type NodeAddress, requestTarget } from './node-address.js';
import { RequestScope } from './request-scope.js';
import { BodyTooLargeError, readText } from './response-text.js';

const SCOPE_ERRORS = { timedOut: timeoutError, givenUp: abortedError };
/** Of an answer that only matters by its status. */
const MAX_IGNORED_BYTES = 64 * 1024;
/** Longer than a slot, so that the next slot's requests find their connection; shorter than common servers' limits. */
const IDLE_CONNECTION_MS = 25_000;

/** Connections to beacon nodes. No time limits but the one for connecting: the budgets of the requests govern. */
export function createNodeAgent(): Dispatcher {
  return new Agent({
    keepAliveTimeout: IDLE_CONNECTION_MS,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: 10_000 },
  });
}

/** One request to a beacon node. */
export interface NodeRequest {
  readonly method: 'GET' | 'POST';
  /** From `/eth/` on. Errors name it, so it holds no secrets. */
  readonly path: string;
  /** Without the `?`. */
  readonly query?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly budgetMs: number;
  readonly signal: AbortSignal;
}

/** A request whose answer is read. */
export interface ReadRequest extends NodeRequest {
  /** A larger answer is refused, with kind `schema`. */
  readonly maxBytes: number;
}

/** An answer of any HTTP status. */
export interface NodeAnswer {
  readonly status: number;
  readonly text: string;
}

/** A request that is over, or an event stream that has opened or ended, for whoever counts. */
export interface NodeExchange {
  /** `GET /eth/v1/validator/duties/attester/{number}`: numbers in the path are left out. */
  readonly endpoint: string;
  /**
   * Class of the status (`2xx` … `5xx`), or why there was no complete answer. An event stream is told of when it opens
   * (`2xx`) or does not, and an open one again when it ends: `closed`, or `aborted` by us.
   */
  readonly outcome: '1xx' | '2xx' | '3xx' | '4xx' | '5xx' | BeaconNodeErrorKind | 'closed';
  readonly isStream: boolean;
  /** Unix ms. */
  readonly sentAt: number;
  readonly endedAt: number;
  /** The `date` header of the answer, as it came. */
  readonly date: string | undefined;
}

/** Hears of each request to a node when it is over, and of its event streams. Must not throw. */
export type ExchangeObserver = (exchange: NodeExchange) => void;

/** How errors call a request: `GET /eth/v1/node/syncing`. */
export function endpointOf(request: Pick<NodeRequest, 'method' | 'path'>): string {
  return `${request.method} ${request.path}`;
}

/** Parses a body; rejects with kind `schema` where it is no JSON. */
export function parseJson(endpoint: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw schemaError(endpoint, '', 'expected JSON');
  }
}

/**
 * Requests to one beacon node. Every method rejects with a `BeaconNodeError` and nothing else, ends the HTTP request
 * when the signal fires or the budget is used up, and follows no redirect (it would carry the credentials elsewhere).
 */
export class HttpClient {
  constructor(
    readonly address: NodeAddress,
    private readonly clock: Clock,
    private readonly dispatcher: Dispatcher,
    private readonly observer?: ExchangeObserver,
  ) {}

  /** The answer, whatever its status. */
  send(request: ReadRequest): Promise<NodeAnswer> {
    return this.#exchange(request, async (response) => ({
      status: response.statusCode,
      text: await readText(response.body, request.maxBytes),
    }));
  }

  /** The text of a 2xx answer; any other status rejects with kind `http`. */
  async getText(request: ReadRequest): Promise<string> {
    const { status, text } = await this.send(request);
    if (!isSuccess(status)) throw httpError(endpointOf(request), status, text);
    return text;
  }

  /** The JSON of a 2xx answer. */
  async getJson(request: ReadRequest): Promise<unknown> {
    return parseJson(endpointOf(request), await this.getText(request));
  }

  /** Resolves on any 2xx status, whatever the body. */
  post(request: NodeRequest): Promise<void> {
    return this.#exchange(request, async (response) => {
      // Read to its end even so: only then the connection is free for the next request.
      const text = await readText(response.body, MAX_IGNORED_BYTES).catch(() => undefined);
      if (!isSuccess(response.statusCode)) throw httpError(endpointOf(request), response.statusCode, text);
    });
  }

  async #exchange<T>(request: NodeRequest, read: (response: Dispatcher.ResponseData) => Promise<T>): Promise<T> {
    if (this.observer === undefined) return this.#request(request, read);
    const sentAt = this.clock.now();
    let seen: Dispatcher.ResponseData | undefined;
    try {
      const value = await this.#request(request, (response) => read((seen = response)));
      this.#tell(request, sentAt, statusClass(seen!.statusCode), seen);
      return value;
    } catch (error) {
      this.#tell(request, sentAt, outcomeOf(error), seen);
      throw error;
    }
  }

  #tell(
    request: NodeRequest,
    sentAt: number,
    outcome: NodeExchange['outcome'],
    answer: Dispatcher.ResponseData | undefined,
  ): void {
    const date = answer?.headers['date'];
    this.observer?.({
      endpoint: endpointOf(request).replace(/\/\d+(?=\/|$)/g, '/{number}'),
      outcome,
      isStream: false,
      sentAt,
      endedAt: this.clock.now(),
      date: typeof date === 'string' ? date : undefined,
    });
  }

  async #request<T>(request: NodeRequest, read: (response: Dispatcher.ResponseData) => Promise<T>): Promise<T> {
    const endpoint = endpointOf(request);
    const scope = new RequestScope(endpoint, request.budgetMs, this.clock, request.signal, SCOPE_ERRORS);
    try {
      if (scope.endedBy !== undefined) throw scope.endedBy;
      const response = await this.dispatcher.request({
        origin: this.address.origin,
        path: requestTarget(this.address, request.path, request.query),
        method: request.method,
        headers: this.#headers(request),
        body: request.body === undefined ? null : JSON.stringify(request.body),
        signal: scope.signal,
      });
      return await read(response);
    } catch (error) {
      if (scope.endedBy !== undefined) throw scope.endedBy;
      if (error instanceof BodyTooLargeError) throw tooLargeError(endpoint, error.maxBytes);
      throw transportError(endpoint, error);
    } finally {
      scope.close();
    }
  }

  #headers(request: NodeRequest): Record<string, string> {
    const headers: Record<string, string> = { accept: 'application/json', 'accept-encoding': 'identity' };
    if (request.body !== undefined) headers['content-type'] = 'application/json';
    if (this.address.authorization !== undefined) headers['authorization'] = this.address.authorization;
    return headers;
  }
}

/** What became of a request that ended with this error. */
export function outcomeOf(error: unknown): NodeExchange['outcome'] {
  if (!(error instanceof BeaconNodeError)) return 'unreachable';
  return error.status === undefined ? error.kind : statusClass(error.status);
}

function statusClass(status: number): NodeExchange['outcome'] {
  return `${Math.floor(status / 100)}xx` as NodeExchange['outcome'];
}

/** Any 2xx status. */
export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}
