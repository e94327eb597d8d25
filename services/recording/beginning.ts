/** What a scheduler was started with, read back. */
import { z } from 'zod';
import { DUTY_KINDS, ROLES } from '../../machines/rules/duties.js';
import { CHAIN_LIMITS } from '../beacon-node/chain-spec.js';
import type { Beginning } from '../entrance/input.js';

const SLOT = z.int();
const COUNT = z.int().nonnegative();
const EPOCH = COUNT.or(z.literal(Infinity));
const BASIS_POINTS = z.int().min(0).max(10_000);
const DUE_POINTS = z.looseObject({
  attestation: BASIS_POINTS,
  aggregate: BASIS_POINTS,
  syncMessage: BASIS_POINTS,
  contribution: BASIS_POINTS,
  payloadAttestation: BASIS_POINTS,
});

/** Numbers that a chain may have, as where a node tells them: tables and timers are made by them. */
const BEGINNING = z.looseObject({
  chain: z.looseObject({
    genesisTimeMs: z.number(),
    genesisValidatorsRoot: z.string(),
    slotDurationMs: z.number().positive().max(CHAIN_LIMITS.longestSlotMs),
    slotsPerEpoch: z.int().positive().max(CHAIN_LIMITS.mostSlotsPerEpoch),
    epochsPerSyncCommitteePeriod: z.int().positive().max(CHAIN_LIMITS.mostEpochsPerPeriod),
    forkEpochs: z.looseObject({ altair: EPOCH, fulu: EPOCH, gloas: EPOCH }),
    duePoints: DUE_POINTS,
    duePointsGloas: DUE_POINTS,
  }),
  policy: z.looseObject({
    headGraceMs: z.number().nonnegative(),
    maximumDelay: COUNT,
    late: z.enum(['never', 'journal', 'always']),
    lateAfterReactivation: z.boolean(),
    participationDelayEpochs: COUNT,
    syncCommitteePreparationEpochs: COUNT,
  }),
  roles: z.array(z.enum(ROLES)),
  kinds: z.array(z.enum(DUTY_KINDS)),
  nodes: z.array(z.looseObject({ url: z.string(), at: z.enum(['member', 'absent', 'refused']) })).min(1),
  recordFromSlot: SLOT.or(z.literal(Infinity)),
  dataFetch: z.boolean(),
});

/** A beginning that was written down. Throws a `TypeError` that names the first field which no process wrote. */
export function readBeginning(value: unknown): Beginning {
  const { success, data, error } = BEGINNING.safeParse(value);
  if (success) return data as unknown as Beginning;
  const [issue] = error.issues;
  throw new TypeError(`the beginning of a run: ${issue!.path.join('.')}: ${issue!.message}`);
}
