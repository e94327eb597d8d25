import type { Dispatcher } from 'undici';
import type { Clock } from '../../machines/ports.js';
import { innermost, printable } from '../beacon-node/failures.js';
import { createNodeAgent, isSuccess } from '../beacon-node/http-client.js';
import { type NodeAddress, requestTarget } from '../beacon-node/node-address.js';
import { RequestScope } from '../beacon-node/request-scope.js';
import { atMost, BodyTooLargeError, readText } from '../beacon-node/response-text.js';
import { ENDED_HERE, ExecutionNodeError, oversizedAnswer } from './execution-errors.js';
import { readResultInTurns } from './large-answers.js';
import { isRpcError, readResult } from './rpc-answers.js';
import type { RpcRequest, RpcTransport } from './rpc-transport.js';

const PAYLOAD_TOO_LARGE = 413;

/** JSON-RPC over http(s), a POST for each request. It follows no redirect, which would carry the credentials elsewhere. */
export class HttpTransport implements RpcTransport {
  #agent = createNodeAgent();
  #lastId = 0;

  constructor(
    private readonly address: NodeAddress,
    private readonly clock: Clock,
  ) {}

  async call({ method, params, budgetMs, maxBytes, readItem, signal }: RpcRequest): Promise<unknown> {
    const scope = new RequestScope(method, budgetMs, this.clock, signal, ENDED_HERE);
    try {
      if (scope.endedBy !== undefined) throw scope.endedBy;
      const response = await this.#agent.request({
        origin: this.address.origin,
        path: requestTarget(this.address, this.address.pathPrefix === '' ? '/' : '', undefined),
        method: 'POST',
        headers: this.#headers(),
        body: JSON.stringify({ jsonrpc: '2.0', id: ++this.#lastId, method, params }),
        signal: scope.signal,
      });
      if (isSuccess(response.statusCode)) {
        return await readResultInTurns(method, atMost(maxBytes, response.body), readItem);
      }
      const text = await readText(response.body, maxBytes);
      if (!isRpcError(text)) throw httpError(method, response);
      return readResult(method, text, readItem);
    } catch (error) {
      if (scope.endedBy !== undefined) throw scope.endedBy;
      if (error instanceof BodyTooLargeError) throw oversizedAnswer(method, maxBytes);
      throw transportError(method, error);
    } finally {
      scope.close();
    }
  }

  listen(): void {
    // Nothing is heard over http: whoever wants to know asks.
  }

  drop(): void {
    const agent = this.#agent;
    this.#agent = createNodeAgent();
    void agent.destroy();
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  #headers(): Record<string, string> {
    const { authorization } = this.address;
    const headers = { accept: 'application/json', 'accept-encoding': 'identity', 'content-type': 'application/json' };
    return authorization === undefined ? headers : { ...headers, authorization };
  }
}

function httpError(method: string, { statusCode }: Dispatcher.ResponseData): ExecutionNodeError {
  const kind = statusCode === PAYLOAD_TOO_LARGE ? 'limit' : 'http';
  return new ExecutionNodeError(kind, `${method}: HTTP ${statusCode}`, statusCode);
}

function transportError(method: string, thrown: unknown): ExecutionNodeError {
  if (thrown instanceof ExecutionNodeError) return thrown;
  const { code, name, message } = innermost(thrown);
  const text = `${method}: ${printable(message === '' ? (code ?? name) : message)}`;
  // Something answers there, but does not speak HTTP.
  const kind = name === 'HTTPParserError' ? 'schema' : 'unreachable';
  return new ExecutionNodeError(kind, text, undefined, { cause: thrown });
}
