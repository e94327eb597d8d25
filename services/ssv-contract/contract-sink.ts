import type { Diagnostic } from '../../machines/rules/event-log.js';
import type { ValidatorSourceEvent } from '../../machines/rules/validator-changes.js';
import type { ContractLedger } from './contract-ledger.js';
import type { ContractRegistry } from './contract-registry.js';
import { REFUSAL_REASONS, type BlockRef, type EventRefusal } from './contract-types.js';
import type { LogSink } from './log-follower.js';
import type { ReadRange } from './range-reader.js';

/** Of the history's malformed events so many are named; there are thousands on a chain where everyone may write. */
const NAMED_OF_HISTORY = 20;

export interface ContractSinkOptions {
  readonly registry: ContractRegistry;
  readonly ledger: ContractLedger;
  readonly diagnose: (diagnostic: Diagnostic) => void;
}

/** Takes the followed logs into the registry, and tells what they change once the history is in. */
export class ContractSink implements LogSink {
  readonly #options: ContractSinkOptions;
  #tell: ((event: ValidatorSourceEvent) => void) | undefined;
  #refused = 0;

  constructor(options: ContractSinkOptions) {
    this.#options = options;
  }

  get cursor(): BlockRef | undefined {
    return this.#options.registry.cursor;
  }

  get restorePoints(): readonly BlockRef[] {
    return this.#options.registry.points;
  }

  get isWhole(): boolean {
    return this.#options.registry.isWhole;
  }

  async take({ blocks, through }: ReadRange, head: number): Promise<void> {
    const { events, refusals } = await this.#options.ledger.take(blocks, through, head);
    for (const refusal of refusals) this.#skip(refusal);
    for (const event of events) this.#tell?.(event);
  }

  async rollBack(to: BlockRef | undefined): Promise<void> {
    for (const event of await this.#options.ledger.rollBackTo(to)) this.#tell?.(event);
  }

  /** The history is in: tells who is known, and every change from here on. */
  begin(tell: (event: ValidatorSourceEvent) => void): void {
    const unnamed = this.#refused - NAMED_OF_HISTORY;
    if (unnamed > 0) this.#warn(`${unnamed} more malformed events of the SSV contract's history were skipped`);
    this.#tell = tell;
    tell({ type: 'VALIDATORS_KNOWN', validators: this.#options.registry.known() });
  }

  #skip({ event, reason, transactionHash, blockNumber }: EventRefusal): void {
    this.#refused += 1;
    if (this.#tell === undefined && this.#refused > NAMED_OF_HISTORY) return;
    const where = `transaction ${transactionHash}, block ${blockNumber}; ${this.#refused} so far`;
    this.#warn(`${event} of the SSV contract skipped: ${REFUSAL_REASONS[reason]} (${where})`);
  }

  #warn(message: string): void {
    this.#options.diagnose({ level: 'warn', message });
  }
}
