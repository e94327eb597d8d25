import type { ReadItem } from './rpc-answers.js';

/** One JSON-RPC request to an execution node. */
export interface RpcRequest {
  readonly method: string;
  readonly params: readonly unknown[];
  readonly budgetMs: number;
  /** A larger answer is refused unread, with kind `limit`. */
  readonly maxBytes: number;
  /** What to make of the items of a result that is a list, one after the other; without it they stay as they are. */
  readonly readItem?: ReadItem;
  readonly signal: AbortSignal;
}

/** What may be heard of a node without asking. */
export interface HeadListener {
  /** There is a new head, or there may be. */
  onHead(): void;
  /** The connection is gone; the next request opens another. */
  onLost(): void;
}

/** The way to an execution node. */
export interface RpcTransport {
  /** The `result` of the answer; rejects with an `ExecutionNodeError` and nothing else. */
  call(request: RpcRequest): Promise<unknown>;
  /** Listens from the next connection on; nothing is ever heard over http. */
  listen(listener: HeadListener): void;
  /** Lets the present connection go: requests under way fail, the next one opens another. */
  drop(): void;
  /** Ends everything; requests under way fail. */
  close(): Promise<void>;
}
