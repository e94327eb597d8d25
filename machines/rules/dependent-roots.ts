/**
 * Which dependent root a table must carry, as data (SPEC §5).
 *
 * Duties of an epoch are fixed by the last block before some earlier epoch began. A head event names two such roots,
 * for the epoch H of its own slot (never the clock's), and its block is the third: the latest candidate.
 */
import { ZERO_ROOT, epochOf, type ChainSpec, type Epoch, type Root, type Slot } from './chain-time.js';
import type { Role } from './duties.js';

/** What a node says of the chain's roots, by a head event or by a probe (which knows no block). */
export interface ObservedRoots {
  /** Slot whose epoch the roots belong to. */
  readonly slot: Slot;
  readonly block: Root | undefined;
  readonly previousDutyDependentRoot: Root;
  readonly currentDutyDependentRoot: Root;
}

type NamedRoot = 'previousDutyDependentRoot' | 'currentDutyDependentRoot' | 'block';

/** When the duties of an epoch are fixed: at the end of the epoch two before, or of the one before. */
export type Lookahead = 'fixed-one-epoch-ahead' | 'fixed-at-the-boundary';

/** Row: look-ahead; column: target epoch − H. */
const REQUIRED_ROOT: Readonly<Record<Lookahead, readonly NamedRoot[]>> = {
  'fixed-one-epoch-ahead': ['previousDutyDependentRoot', 'currentDutyDependentRoot', 'block'],
  'fixed-at-the-boundary': ['currentDutyDependentRoot', 'block'],
};

/** Keyed by role, endpoint version and the fork of the target epoch. Null: the API names no root. */
export function lookaheadOf(chain: ChainSpec, role: Role, endpointVersion: 1 | 2, target: Epoch): Lookahead | null {
  switch (role) {
    case 'attester':
      return 'fixed-one-epoch-ahead';
    case 'proposer':
      // EIP-7917 (Fulu) fixes proposers an epoch ahead; v1 keeps naming the old root.
      return endpointVersion === 2 && target >= chain.forkEpochs.fulu
        ? 'fixed-one-epoch-ahead'
        : 'fixed-at-the-boundary';
    case 'sync-committee':
      return null;
  }
}

/** Root that a table of `target` must carry according to `roots`; undefined where they do not say. */
export function requiredRoot(
  chain: ChainSpec,
  role: Role,
  endpointVersion: 1 | 2,
  target: Epoch,
  roots: ObservedRoots,
): Root | undefined {
  const lookahead = lookaheadOf(chain, role, endpointVersion, target);
  if (lookahead === null) return undefined;
  const named = REQUIRED_ROOT[lookahead][target - epochOf(chain, roots.slot)];
  const root = named === undefined ? undefined : roots[named];
  return root === ZERO_ROOT ? undefined : root;
}

/** How a head relates to the last one of the same node. */
export interface RootChanges {
  readonly previousDependentRootChanged: boolean;
  readonly currentDependentRootChanged: boolean;
}

/**
 * Compares a head with the last head of the same node. In one epoch both roots stay; into the next epoch the old
 * current root becomes the previous one; an epoch back, the other way round. Further apart nothing can be said.
 */
export function rootChanges(chain: ChainSpec, last: ObservedRoots, head: ObservedRoots): RootChanges {
  const step = epochOf(chain, head.slot) - epochOf(chain, last.slot);
  const differ = (a: Root, b: Root) => a !== b && a !== ZERO_ROOT && b !== ZERO_ROOT;
  switch (step) {
    case 0:
      return {
        previousDependentRootChanged: differ(last.previousDutyDependentRoot, head.previousDutyDependentRoot),
        currentDependentRootChanged: differ(last.currentDutyDependentRoot, head.currentDutyDependentRoot),
      };
    case 1:
      return {
        previousDependentRootChanged: differ(last.currentDutyDependentRoot, head.previousDutyDependentRoot),
        currentDependentRootChanged: false,
      };
    case -1:
      return {
        previousDependentRootChanged: false,
        currentDependentRootChanged: differ(last.previousDutyDependentRoot, head.currentDutyDependentRoot),
      };
    default:
      return { previousDependentRootChanged: false, currentDependentRootChanged: false };
  }
}
