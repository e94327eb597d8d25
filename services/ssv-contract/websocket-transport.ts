import { WebSocket, type RawData } from 'ws';
import type { Clock } from '../../machines/ports.js';
import { printable } from '../beacon-node/failures.js';
import { type NodeAddress, requestTarget } from '../beacon-node/node-address.js';
import { RequestScope } from '../beacon-node/request-scope.js';
import { ENDED_HERE, ExecutionNodeError, oversizedAnswer } from './execution-errors.js';
import { LARGE_ANSWER_BYTES, readResultInTurns } from './large-answers.js';
import { parseAnswer, resultOf, type ReadItem } from './rpc-answers.js';
import type { HeadListener, RpcRequest, RpcTransport } from './rpc-transport.js';

/** No answer is larger; one that is ends the connection. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
/** Where in a large answer its id is looked for: nodes write it first or last. */
const EDGE_BYTES = 200;
const SUBSCRIBE_ID = 0;
const GIVEN_UP = 'the connection was given up';

interface PendingCall {
  readonly method: string;
  readonly maxBytes: number;
  readonly readItem: ReadItem | undefined;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: ExecutionNodeError) => void;
}

/**
 * JSON-RPC over one WebSocket, opened by the first request and again by the first one after it was lost. Each
 * connection subscribes to new heads, which is only a wake-up: whoever listens asks for what is new.
 */
export class WebSocketTransport implements RpcTransport {
  readonly #pending = new Map<number, PendingCall>();
  #socket: WebSocket | undefined;
  #opening: Promise<WebSocket> | undefined;
  #listener: HeadListener | undefined;
  #lastId = SUBSCRIBE_ID;

  constructor(
    private readonly address: NodeAddress,
    private readonly clock: Clock,
  ) {}

  async call({ method, params, budgetMs, maxBytes, readItem, signal }: RpcRequest): Promise<unknown> {
    const scope = new RequestScope(method, budgetMs, this.clock, signal, ENDED_HERE);
    const id = ++this.#lastId;
    try {
      return await new Promise<unknown>((resolve, reject) => {
        const end = () => reject(scope.endedBy!);
        if (scope.endedBy !== undefined) return end();
        scope.signal.addEventListener('abort', end, { once: true });
        const start = (socket: WebSocket) => {
          if (scope.endedBy !== undefined) return;
          // It may have been given up in the turn in which it opened.
          if (socket !== this.#socket) return reject(lostError(method, GIVEN_UP));
          this.#pending.set(id, { method, maxBytes, readItem, resolve, reject });
          socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
        };
        this.#open().then(start, (error: Error) => reject(lostError(method, error.message)));
      });
    } catch (error) {
      // A connection on which an answer does not come may be dead without having said so.
      if (error instanceof ExecutionNodeError && error.kind === 'timeout') this.drop();
      throw error;
    } finally {
      this.#pending.delete(id);
      scope.close();
    }
  }

  listen(listener: HeadListener): void {
    this.#listener = listener;
  }

  drop(): void {
    this.#socket?.terminate();
    this.#lose(this.#socket, GIVEN_UP);
  }

  close(): Promise<void> {
    this.#listener = undefined;
    this.drop();
    return Promise.resolve();
  }

  /** Resolves to the open connection; several requests open it together. */
  #open(): Promise<WebSocket> {
    if (this.#opening !== undefined) return this.#opening;
    const { origin, pathPrefix, authorization } = this.address;
    const target = requestTarget(this.address, pathPrefix === '' ? '/' : '', undefined);
    const socket = new WebSocket(origin + target, {
      headers: authorization === undefined ? {} : { authorization },
      maxPayload: MAX_MESSAGE_BYTES,
      perMessageDeflate: false,
      followRedirects: false,
    });
    this.#socket = socket;
    this.#opening = new Promise((resolve, reject) => {
      let trouble = 'the connection was closed';
      socket.on('error', (error) => (trouble = printable(error.message)));
      socket.on('open', () => {
        socket.send(
          JSON.stringify({ jsonrpc: '2.0', id: SUBSCRIBE_ID, method: 'eth_subscribe', params: ['newHeads'] }),
        );
        resolve(socket);
      });
      socket.on('message', (data) => this.#receive(data));
      socket.on('close', () => {
        reject(new Error(trouble));
        this.#lose(socket, trouble);
      });
    });
    return this.#opening;
  }

  #lose(socket: WebSocket | undefined, why: string): void {
    if (socket === undefined || this.#socket !== socket) return;
    this.#socket = undefined;
    this.#opening = undefined;
    const calls = [...this.#pending.values()];
    this.#pending.clear();
    for (const { method, reject } of calls) reject(lostError(method, why));
    this.#listener?.onLost();
  }

  #receive(data: RawData): void {
    const bytes = bytesOf(data);
    if (bytes.byteLength <= LARGE_ANSWER_BYTES) return this.#take(bytes);
    const call = this.#callOf(bytes);
    if (call === undefined) {
      // One that hides whose it is may be as large as the largest asked for; a larger one is let go unread.
      if (bytes.byteLength <= this.#mostBytes()) this.#take(bytes);
      return;
    }
    const { method, maxBytes, readItem, resolve, reject } = call;
    if (bytes.byteLength > maxBytes) reject(oversizedAnswer(method, maxBytes));
    else readResultInTurns(method, [bytes], readItem).then(resolve, reject);
  }

  #take(bytes: Buffer): void {
    let answer: Readonly<Record<string, unknown>>;
    try {
      answer = parseAnswer('message', bytes.toString());
    } catch {
      // Not JSON-RPC: whoever waits for it runs into the time budget, which ends the connection.
      return;
    }
    const { id } = answer;
    if (answer['method'] === 'eth_subscription' || id === SUBSCRIBE_ID) return this.#listener?.onHead();
    const call = typeof id === 'number' ? this.#pending.get(id) : undefined;
    if (call === undefined) return;
    if (bytes.byteLength > call.maxBytes) return call.reject(oversizedAnswer(call.method, call.maxBytes));
    try {
      call.resolve(resultOf(call.method, answer, call.readItem));
    } catch (error) {
      call.reject(error as ExecutionNodeError);
    }
  }

  /** The call that a large message answers, without parsing it; undefined where its id is not at one of its ends. */
  #callOf(bytes: Buffer): PendingCall | undefined {
    const head = bytes.toString('latin1', 0, EDGE_BYTES);
    const tail = bytes.toString('latin1', bytes.byteLength - EDGE_BYTES);
    const id = /"id"\s*:\s*(\d+)/.exec(head)?.[1] ?? /"id"\s*:\s*(\d+)\s*\}\s*$/.exec(tail)?.[1];
    return this.#pending.get(Number(id));
  }

  /** Bytes of the largest answer that somebody waits for. */
  #mostBytes(): number {
    return Math.max(0, ...[...this.#pending.values()].map(({ maxBytes }) => maxBytes));
  }
}

function lostError(method: string, why: string): ExecutionNodeError {
  return new ExecutionNodeError('unreachable', `${method}: ${why}`);
}

function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
