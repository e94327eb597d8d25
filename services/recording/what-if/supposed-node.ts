import { BeaconNodeError, type BeaconNode, type Clock, type HeadEvent } from '../../../machines/ports.js';
import {
  epochOf,
  slotAt,
  slotStartMs,
  ZERO_ROOT,
  type ChainSpec,
  type Epoch,
} from '../../../machines/rules/chain-time.js';
import type { DutyAnswer, DutyColumns, Role } from '../../../machines/rules/duties.js';
import { take } from '../../../machines/rules/index-columns.js';
import { knownAt, type KnownWorld } from './known-world.js';
import { firstOtherEpoch, onOtherBranch, otherRoot, type Supposition } from './supposition.js';

/** How long an answer takes, in ms: what was not recorded has no time of its own. */
const LATENCY_MS = 20;

/**
 * A beacon node that says what a recording tells of it, changed by a supposition. What the recording does not know is
 * refused with 400, as a node refuses what it cannot know yet.
 */
export function supposedNode(
  url: string,
  chain: ChainSpec,
  clock: Clock,
  known: KnownWorld,
  supposition: Supposition,
): BeaconNode {
  const isDownAt = (time: number) =>
    supposition.what === 'node-down' &&
    time >= slotStartMs(chain, supposition.from) &&
    time < slotStartMs(chain, supposition.to + 1);
  const isOther = (epoch: Epoch, time: number) =>
    supposition.what === 'reorg' &&
    epoch >= firstOtherEpoch(chain, supposition.slot) &&
    time >= slotStartMs(chain, supposition.slot);
  const unreachable = () => new BeaconNodeError('unreachable', `${url}: supposed to be down`);

  const answered = <T>(look: () => T, signal: AbortSignal): Promise<T> =>
    new Promise((resolve, reject) => {
      const timer = clock.setTimeout(() => {
        if (isDownAt(clock.now())) return reject(unreachable());
        try {
          resolve(look());
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      }, LATENCY_MS);
      signal.addEventListener('abort', () => clock.clearTimeout(timer), { once: true });
    });

  const duties = (role: Role, epoch: Epoch): DutyAnswer => {
    const answer = known.duties(role, epoch, clock.now());
    if (answer === undefined)
      throw new BeaconNodeError('http', `${url}: the recording does not know ${role} ${epoch}`, 400);
    return isOther(epoch, clock.now()) ? onOtherBranch(chain, role, epoch, answer) : answer;
  };
  const headAt = (head: HeadEvent): HeadEvent => {
    const time = clock.now();
    const epoch = epochOf(chain, head.slot);
    return {
      ...head,
      previousDutyDependentRoot: isOther(epoch, time)
        ? otherRoot(head.previousDutyDependentRoot)
        : head.previousDutyDependentRoot,
      currentDutyDependentRoot: isOther(epoch + 1, time)
        ? otherRoot(head.currentDutyDependentRoot)
        : head.currentDutyDependentRoot,
    };
  };
  const lastBlock = () => knownAt(known.heads, clock.now())?.block ?? ZERO_ROOT;

  return {
    url,
    getChainSpec: (signal) => answered(() => chain, signal),
    getSyncStatus: (signal) =>
      answered(() => {
        const headSlot = Math.max(0, slotAt(chain, clock.now()));
        const fit = { headSlot, syncDistance: 0, isSyncing: false, isOptimistic: false, elOffline: false };
        return knownAt(known.statuses, clock.now()) ?? fit;
      }, signal),
    getValidators: (ids, signal) =>
      answered(() => {
        const wanted = new Set(ids);
        return [...known.records].filter(({ index, pubkey }) => wanted.has(pubkey) || wanted.has(String(index)));
      }, signal),
    getAttesterDuties: (epoch, indices, signal) => answered(() => only(duties('attester', epoch), indices), signal),
    getProposerDuties: (epoch, _version, signal) => answered(() => duties('proposer', epoch), signal),
    getSyncCommitteeDuties: (epoch, indices, signal) =>
      answered(() => only(duties('sync-committee', epoch), indices), signal),
    getAttestationData: (slot, index, signal) =>
      answered(() => {
        const recorded = known.attestationData(slot);
        const epoch = epochOf(chain, slot);
        const checkpoint = { epoch, root: ZERO_ROOT };
        const vote = { slot, index: index ?? 0, beaconBlockRoot: lastBlock(), source: checkpoint, target: checkpoint };
        return recorded ?? vote;
      }, signal),
    getHeadRoot: (signal) =>
      answered(
        () => known.headRoot(slotAt(chain, clock.now())) ?? { root: lastBlock(), executionOptimistic: false },
        signal,
      ),
    subscribeBeaconCommittees: (_entries, signal) => answered(() => undefined, signal),
    subscribeSyncCommittees: (_entries, signal) => answered(() => undefined, signal),
    openHeadStream(listener, signal) {
      const timers: unknown[] = [];
      const at = (time: number, happen: () => void) => {
        if (time >= clock.now()) timers.push(clock.setTimeout(happen, time - clock.now()));
      };
      const end = () => {
        for (const timer of timers) clock.clearTimeout(timer);
      };
      signal.addEventListener('abort', end, { once: true });
      const close = () => {
        end();
        listener.closed(unreachable());
      };
      if (isDownAt(clock.now())) return at(clock.now(), close);
      for (const { time, value } of known.heads) {
        at(time, () => {
          listener.alive();
          listener.head(headAt(value));
        });
      }
      if (supposition.what === 'node-down') at(slotStartMs(chain, supposition.from), close);
    },
  };
}

/** The rows of some validators. */
function only(answer: DutyAnswer, indices: Uint32Array): DutyAnswer {
  const wanted = new Set(indices);
  const { validator, slot, fields, positions } = answer.columns;
  const rows = [...validator.keys()].filter((row) => wanted.has(validator[row]!));
  const chosen = Uint32Array.from(rows);
  const columns: DutyColumns = {
    validator: take(validator, chosen),
    ...(slot && { slot: take(slot, chosen) }),
    fields: Object.fromEntries(Object.entries(fields).map(([name, column]) => [name, take(column, chosen)])),
    ...(positions && { positions: pickPositions(positions, rows) }),
  };
  return { ...answer, columns };
}

function pickPositions(
  { offsets, values }: NonNullable<DutyColumns['positions']>,
  rows: readonly number[],
): NonNullable<DutyColumns['positions']> {
  const parts = rows.map((row) => [...values.subarray(offsets[row], offsets[row + 1])]);
  const ends: number[] = [0];
  for (const part of parts) ends.push(ends.at(-1)! + part.length);
  return { offsets: Uint32Array.from(ends), values: Uint16Array.from(parts.flat()) };
}
