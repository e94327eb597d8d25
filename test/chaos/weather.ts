/** What was amiss when: what a healthy scheduler could have done at a time. */
import type { FaultTarget, PlannedFault } from './fault-plan.js';
import type { Span } from './scheduler-process.js';

/** A fault that was injected. Unix ms. */
export interface InjectedFault extends Pick<PlannedFault, 'kind' | 'target'>, Span {}

/** Why the scheduler could not have met a duty. */
export type Excuse = 'no-healthy-node' | 'stall' | 'clock-step' | 'busy-machine' | 'reorg' | 'validator-changed';

/** Faults that take no node out: duties are to be met in spite of them. */
const BEARABLE: readonly PlannedFault['kind'][] = ['roots-swapped', 'heads-missing', 'heads-doubled', 'disk-full'];
/**
 * Longest time that a request to the execution node may take (docs/ssv-contract.md). One that is left without an answer
 * holds up what follows, even when the node is well again.
 */
const EXECUTION_PATIENCE_MS = 30_000;
const NODES: readonly FaultTarget[] = ['node-1', 'node-2'];

const overlaps = (span: Span, from: number, to: number) => span.from <= to && span.to >= from;

/** The faults of a run, and when the machine had no time for it. */
export class Weather {
  constructor(
    private readonly faults: readonly InjectedFault[],
    /** When the machine had no processor for the scheduler or its nodes. */
    private readonly gaps: readonly Span[],
    /** Such a gap, in ms, from which on nothing is demanded around it. */
    private readonly longestGapMs: number,
  ) {}

  /** Why nothing can be demanded of the scheduler in a span; undefined where all can. */
  whyUnfit(from: number, to: number): Excuse | undefined {
    const onScheduler = this.#during('scheduler', from, to).find(
      ({ kind }) => kind === 'stall' || kind === 'clock-step',
    );
    if (onScheduler !== undefined) return onScheduler.kind as 'stall' | 'clock-step';
    return NODES.every((node) => !this.#isHealthy(node, from, to)) ? 'no-healthy-node' : undefined;
  }

  /** Whether the machine had no time for long in a span. Short waits make everything slower, and excuse nothing. */
  isBusy(from: number, to: number): boolean {
    return this.gaps.some((gap) => gap.to - gap.from >= this.longestGapMs && overlaps(gap, from, to));
  }

  /** Ms without a processor in all. */
  get busyMs(): number {
    return withoutOverlaps(this.gaps).reduce((sum, { from, to }) => sum + to - from, 0);
  }

  /** Whether the contract's events arrive all through a span. */
  isContractHeard(from: number, to: number): boolean {
    const lasting = this.#during('execution-node', from - EXECUTION_PATIENCE_MS, to);
    return lasting.every((fault) => fault.to < from && fault.kind !== 'hang' && fault.kind !== 'trickle');
  }

  /** Whether a beacon node can be relied on all through a span. */
  #isHealthy(node: FaultTarget, from: number, to: number): boolean {
    return this.#during(node, from, to).every(({ kind }) => BEARABLE.includes(kind));
  }

  #during(target: FaultTarget, from: number, to: number): InjectedFault[] {
    return this.faults.filter((fault) => fault.target === target && overlaps(fault, from, to));
  }
}

/** The same time, in spans of which no two share any. */
function withoutOverlaps(spans: readonly Span[]): Span[] {
  const merged: Span[] = [];
  for (const { from, to } of [...spans].sort((a, b) => a.from - b.from)) {
    const before = merged.at(-1);
    if (before !== undefined && from <= before.to)
      merged[merged.length - 1] = { from: before.from, to: Math.max(to, before.to) };
    else merged.push({ from, to });
  }
  return merged;
}
