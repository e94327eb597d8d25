import { BeaconNodeError, type BeaconNode, type Clock } from '../../machines/ports.js';
import { slotAt, type ChainSpec, type Slot } from '../../machines/rules/chain-time.js';
import type { NodeNumber } from '../../machines/rules/node-choice.js';
import { timeBudgets } from './time-budget.js';
import { messageOf } from '../../machines/rules/message-of.js';

/** What a request is for: it decides how long one node may take before the next is asked as well. */
export type RequestPurpose = 'data' | 'duties' | 'other';

/** One request, at whichever node it is made. */
export type NodeCall<T> = (node: BeaconNode, signal: AbortSignal) => Promise<T>;

/** A request under way at several nodes. */
interface Attempts {
  readonly errors: Map<NodeNumber, BeaconNodeError>;
  readonly life: AbortController;
}

/**
 * Several beacon nodes, asked as one: the best first; the next one too, after half the time budget, or at once when a
 * node fails. The first answer counts, the other requests end. A node that failed stays behind the others for the slot.
 */
export class NodePool {
  #order: readonly NodeNumber[];
  /** Slot in which a node last failed to answer. */
  readonly #failedIn = new Map<NodeNumber, Slot>();

  /** @param nodes in the operator's order of preference; at least one */
  constructor(
    private readonly nodes: readonly BeaconNode[],
    private readonly chain: ChainSpec,
    private readonly clock: Clock,
  ) {
    this.#order = nodes.map((_, number) => number);
  }

  /** A node by its number. */
  at(number: NodeNumber): BeaconNode {
    const node = this.nodes[number];
    if (node === undefined) throw new RangeError(`there is no beacon node number ${number}`);
    return node;
  }

  /** From now on, requests are made in this order. Nodes that are not in it are not asked. */
  rank(order: readonly NodeNumber[]): void {
    this.#order = order;
  }

  /**
   * Makes a request, at `first` before all others where it is given. Rejects with a {@link BeaconNodeError}: what the
   * best of the nodes said that answered at all, else why the best one could not be asked.
   */
  async request<T>(purpose: RequestPurpose, call: NodeCall<T>, signal: AbortSignal, first?: NodeNumber): Promise<T> {
    const order = this.#orderNow(first);
    if (order.length === 1) return this.#askOne(order[0]!, call, signal);
    const attempts: Attempts = { errors: new Map(), life: new AbortController() };
    const end = () => attempts.life.abort(signal.reason);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    try {
      return await this.#askInTurn(order, this.#hedgeMs(purpose), call, attempts);
    } finally {
      signal.removeEventListener('abort', end);
      attempts.life.abort();
    }
  }

  #askInTurn<T>(order: readonly NodeNumber[], hedgeMs: number, call: NodeCall<T>, attempts: Attempts): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const waiting = [...order];
      let hedge: unknown;
      const { signal } = attempts.life;
      const stop = () => this.clock.clearTimeout(hedge);
      signal.addEventListener('abort', stop, { once: true });
      const askNext = () => {
        this.clock.clearTimeout(hedge);
        const number = waiting.shift();
        if (number === undefined || signal.aborted) return;
        if (waiting.length > 0) hedge = this.clock.setTimeout(askNext, hedgeMs);
        this.#askOne(number, call, signal).then(resolve, (error: BeaconNodeError) => {
          attempts.errors.set(number, error);
          const isOver = attempts.errors.size === order.length || signal.aborted;
          if (isOver || (number === order[0] && isAnswer(error))) reject(mostTelling(order, attempts.errors));
          else askNext();
        });
      };
      askNext();
    });
  }

  async #askOne<T>(number: NodeNumber, call: NodeCall<T>, signal: AbortSignal): Promise<T> {
    try {
      return await call(this.at(number), signal);
    } catch (error) {
      const failure = asNodeError(error);
      if (failure.kind === 'timeout' || failure.kind === 'unreachable') this.#failedIn.set(number, this.#slot());
      throw failure;
    }
  }

  #orderNow(first: NodeNumber | undefined): readonly NodeNumber[] {
    const slot = this.#slot();
    const rank = (number: NodeNumber) => (this.#failedIn.get(number) === slot ? 2 : number === first ? 0 : 1);
    return [...this.#order].sort((a, b) => rank(a) - rank(b));
  }

  #hedgeMs(purpose: RequestPurpose): number {
    return timeBudgets(this.chain.slotDurationMs, true)[purpose] / 2;
  }

  #slot(): Slot {
    return slotAt(this.chain, this.clock.now());
  }
}

/** Not an obstacle that another node might not have, but what the chain, or this node's version, has to say. */
function isAnswer({ kind, status }: BeaconNodeError): boolean {
  return kind === 'http' && (status === 400 || status === 404 || status === 405);
}

/** What a node answered says more than that another one could not be reached. */
function mostTelling(order: readonly NodeNumber[], errors: ReadonlyMap<NodeNumber, BeaconNodeError>): BeaconNodeError {
  const inOrder = order.flatMap((number) => errors.get(number) ?? []);
  return inOrder.find(({ kind }) => kind === 'http') ?? inOrder[0]!;
}

function asNodeError(error: unknown): BeaconNodeError {
  if (error instanceof BeaconNodeError) return error;
  // A node of the embedder's own that breaks the port's promise is treated as one that answers nonsense.
  const message = messageOf(error);
  return new BeaconNodeError('schema', message, undefined, { cause: error });
}
