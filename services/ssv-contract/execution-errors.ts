/** Why a request to an execution node gave no usable answer. */
export type ExecutionNodeErrorKind =
  /** Nothing came within the time budget. */
  | 'timeout'
  /** The connection was refused, reset, or closed in the middle of the answer. */
  | 'unreachable'
  /** An HTTP status that is not a success, and no JSON-RPC in the body; see `code`. */
  | 'http'
  /** The node refuses the request; see `code`. */
  | 'rpc'
  /** Too much was asked for at once: by the node's limits, or by the size of its answer. */
  | 'limit'
  /** The answer is no JSON-RPC, or not what was asked for. */
  | 'schema'
  /** The caller gave up. */
  | 'aborted';

/** The one error that an `ExecutionNode` rejects with. The message names the method and never a credential. */
export class ExecutionNodeError extends Error {
  override readonly name = 'ExecutionNodeError';
  constructor(
    readonly kind: ExecutionNodeErrorKind,
    message: string,
    /** HTTP status, or code of a JSON-RPC error. */
    readonly code?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** An answer that is not what `method` should return; `what` names the field and what was expected. */
export function unusableAnswer(method: string, what: string): ExecutionNodeError {
  return new ExecutionNodeError('schema', `${method}: ${what}`);
}

/** An answer larger than was asked for. */
export function oversizedAnswer(method: string, maxBytes: number): ExecutionNodeError {
  return new ExecutionNodeError('limit', `${method}: an answer larger than ${maxBytes} bytes`);
}

/** How a request ends that is ended from this side. */
export const ENDED_HERE = {
  timedOut: (method: string, budgetMs: number) =>
    new ExecutionNodeError('timeout', `${method}: no complete answer within ${Math.round(budgetMs)} ms`),
  givenUp: (method: string) => new ExecutionNodeError('aborted', `${method}: given up by the caller`),
};
