import { slotStartMs, startSlotOf, type Slot } from '../../../machines/rules/chain-time.js';
import type { Role } from '../../../machines/rules/duties.js';
import { VirtualClock } from '../../../services/clock/virtual-clock.js';
import { createDutyScheduler, type DutyScheduler } from '../../../src/duty-scheduler.js';
import { MemoryNode, type MemoryNodeOptions } from '../node/memory-node.js';

export interface VirtualSchedulerOptions extends MemoryNodeOptions {
  readonly validators: number;
  readonly roles?: readonly Role[];
  /** Slot in which it starts, in epoch 1. */
  readonly startAt: number;
}

/** A scheduler on the virtual clock, with a node in memory and executors that do nothing. */
export class VirtualScheduler {
  readonly node: MemoryNode;
  readonly scheduler: DutyScheduler;
  readonly #clock: VirtualClock;
  #slot: Slot;

  constructor({ validators, roles, startAt, ...options }: VirtualSchedulerOptions) {
    this.node = new MemoryNode(options);
    const { chain } = this.node;
    this.#slot = startSlotOf(chain, 1) + startAt;
    this.#clock = new VirtualClock(slotStartMs(chain, this.#slot));
    const nothing = () => Promise.resolve();
    this.scheduler = createDutyScheduler({
      beaconNode: this.node,
      validators: Array.from({ length: validators }, (_, i) => i),
      executors: { attester: nothing, aggregator: nothing, proposer: nothing, 'sync-committee': nothing },
      ...(roles && { roles }),
      dataFetch: false,
      late: 'never',
      clock: this.#clock,
      random: () => 0.5,
    });
  }

  async start(): Promise<void> {
    const started = this.scheduler.start();
    await this.#clock.advanceTo(slotStartMs(this.node.chain, this.#slot) + 500);
    await started;
  }

  /** Runs the rest of the slot, with its head, and the start of the next one. */
  async nextSlot(): Promise<void> {
    const start = slotStartMs(this.node.chain, this.#slot);
    await this.#clock.advanceTo(start + 1000);
    this.node.head(this.#slot);
    this.#slot++;
    await this.#clock.advanceTo(start + 12_500);
  }

  stop(): Promise<void> {
    return this.scheduler.stop();
  }
}
