import { setImmediate } from 'node:timers/promises';
import type { Slot } from '../../machines/rules/chain-time.js';
import type { ValidatorSourceEvent } from '../../machines/rules/validator-changes.js';
import type { ContractRegistry } from './contract-registry.js';
import type { BlockEvents, BlockRef, ContractEvent, ContractLog, EventRefusal } from './contract-types.js';
import type { LogsOfBlock } from './logs-of-blocks.js';
import { SourceEvents } from './source-events.js';

/** Logs taken in per turn of the event loop; a block is never split. The hash of a cluster never seen before is the most of it. */
const LOGS_PER_TURN = 4;

export interface ContractLedgerOptions {
  readonly registry: ContractRegistry;
  /** Where the registry is kept; undefined: nowhere. */
  readonly store: { save(): Promise<void> } | undefined;
  /** @param timestamp unix seconds */
  readonly slotOf: (timestamp: number) => Slot;
}

/** What a range of logs brought. */
export interface LedgerChange {
  readonly events: readonly ValidatorSourceEvent[];
  /** Malformed events, and those that make no sense in their place; in order. */
  readonly refusals: readonly EventRefusal[];
}

/**
 * Turns logs into the registry's state, and keeps it. One call at a time: the next one after the last has ended. A call
 * that rejects because nothing could be written has taken its blocks in all the same; the next one writes them too.
 */
export class ContractLedger {
  readonly #options: ContractLedgerOptions;

  constructor(options: ContractLedgerOptions) {
    this.#options = options;
  }

  /**
   * Takes in the logs of the blocks after the cursor, up to and with `through`. They are stored when it resolves.
   *
   * @param head number of the chain's newest block; see {@link ContractRegistry.apply}
   */
  async take(blocks: readonly LogsOfBlock[], through: BlockRef, head = through.number): Promise<LedgerChange> {
    const { registry, store } = this.#options;
    const told = new SourceEvents();
    const refusals: EventRefusal[] = [];
    let decoded: BlockEvents[] = [];
    let logs = 0;
    const takeIn = (last: BlockRef) => {
      refusals.push(...registry.apply({ blocks: decoded, through: last }, head, told).refusals);
      decoded = [];
      logs = 0;
    };
    for (const { block, timestamp, logs: ofBlock } of blocks) {
      if (logs >= LOGS_PER_TURN) {
        takeIn(decoded.at(-1)!.block);
        await setImmediate();
      }
      decoded.push({ block, slot: this.#slotOf(timestamp), events: eventsIn(ofBlock, refusals) });
      logs += ofBlock.length;
    }
    takeIn(through);
    await store?.save();
    return { events: told.all, refusals: refusals.sort(byPosition) };
  }

  /**
   * Goes back to a point of the registry's history, or to nothing at all with `undefined`, and tells what that changes.
   * Stored when it resolves.
   */
  async rollBackTo(block: BlockRef | undefined): Promise<readonly ValidatorSourceEvent[]> {
    const { registry, store } = this.#options;
    const events = block === undefined ? registry.reset() : registry.rollBackTo(block);
    await store?.save();
    return events;
  }

  #slotOf(timestamp: number | undefined): Slot | undefined {
    return timestamp === undefined ? undefined : this.#options.slotOf(timestamp);
  }
}

/** The events of a block's logs; what is malformed goes to the refusals. */
function eventsIn(logs: readonly ContractLog[], refusals: EventRefusal[]): ContractEvent[] {
  const events: ContractEvent[] = [];
  for (const { event } of logs) {
    if (event?.type === 'refused') refusals.push(event);
    else if (event !== undefined) events.push(event);
  }
  return events;
}

function byPosition(a: EventRefusal, b: EventRefusal): number {
  return a.blockNumber - b.blockNumber || a.logIndex - b.logIndex;
}
