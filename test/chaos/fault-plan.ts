/** Which faults a run meets, and when: from one seed. */
import { RandomStream } from '../../src/devnet/deterministic-random.js';

/** What goes wrong at the address of a node. */
export const NODE_FAULTS = [
  /** Connections are refused, and open ones break: the node is killed, and started again at the end. */
  'down',
  /** It accepts and never answers; streams that are open say nothing any more, not even afterwards. */
  'hang',
  /** Every request is answered with 500. */
  'errors',
  /** Answers come a few bytes at a time. */
  'trickle',
  /** Answers and events are no JSON, half of it, or JSON of another shape. */
  'wrong-json',
  /** The two dependent roots of head events are swapped. */
  'roots-swapped',
  'heads-missing',
  'heads-doubled',
] as const;
export type NodeFault = (typeof NODE_FAULTS)[number];

/** What can go wrong with an execution node: it has no heads that matter. */
export const EXECUTION_FAULTS = ['down', 'hang', 'errors', 'trickle', 'wrong-json'] as const satisfies NodeFault[];

/** What goes wrong on the scheduler's own machine. */
export const SCHEDULER_FAULTS = ['clock-step', 'disk-full', 'stall'] as const;
export type SchedulerFault = (typeof SCHEDULER_FAULTS)[number];

export type FaultTarget = 'node-1' | 'node-2' | 'execution-node' | 'scheduler';

export interface PlannedFault {
  readonly kind: NodeFault | SchedulerFault;
  readonly target: FaultTarget;
  /** In slots from the beginning of the plan; fractions too. */
  readonly from: number;
  /** Slots that it lasts. */
  readonly lasts: number;
  /** Slots by which a clock step sets the scheduler's clock ahead; negative: back. At the end it is undone. */
  readonly step: number;
}

type Sort = Pick<PlannedFault, 'kind' | 'target'>;

const of = (target: FaultTarget, kinds: readonly PlannedFault['kind'][]): Sort[] =>
  kinds.map((kind) => ({ kind, target }));

/** Drawn from like from a bag: none comes twice before each has come once. */
const BAG: readonly Sort[] = [
  ...of('node-1', NODE_FAULTS),
  ...of('node-2', NODE_FAULTS),
  ...of('execution-node', EXECUTION_FAULTS),
  ...of('scheduler', SCHEDULER_FAULTS),
];

/** Slots that a fault lasts, from and to. */
const LENGTHS: Readonly<Partial<Record<PlannedFault['kind'], readonly [number, number]>>> = {
  stall: [0.3, 4],
  'clock-step': [1, 6],
  'disk-full': [2, 16],
};
const USUAL_LENGTH = [1, 10] as const;
const LONGEST_STEP = 2.5;

/**
 * Faults that begin within so many slots, `perSlot` of them in a slot on average, in the order in which they begin. They
 * overlap as it happens.
 */
export function planFaults(options: { seed: number; slots: number; perSlot: number }): PlannedFault[] {
  const { seed, slots, perSlot } = options;
  const random = new RandomStream('chaos', seed);
  const planned: PlannedFault[] = [];
  const bag: Sort[] = [];
  const between = (from: number, to: number) => from + random.fraction() * (to - from);
  for (let at = 0; ;) {
    at += -Math.log(1 - random.fraction()) / perSlot;
    if (!(at < slots)) return planned;
    if (bag.length === 0) bag.push(...BAG);
    const [sort] = bag.splice(random.below(bag.length), 1);
    const [shortest, longest] = LENGTHS[sort!.kind] ?? USUAL_LENGTH;
    const lasts = between(shortest, longest);
    const step = sort!.kind === 'clock-step' ? between(-LONGEST_STEP, LONGEST_STEP) : 0;
    planned.push({ ...sort!, from: at, lasts, step });
  }
}
