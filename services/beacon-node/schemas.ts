/** The small answers of the Beacon API, checked with zod. Duties are checked by hand in `duty-answers.ts`. */
import { z } from 'zod';
import type { AttestationData, HeadEvent, HeadRoot, SyncStatus } from '../../machines/ports.js';
import { VALIDATOR_STATUSES, type ValidatorRecord } from '../../machines/rules/validators.js';
import { schemaError } from './failures.js';
import { NOT_AN_INTEGER, readEpoch, readInteger, readObject, readPubkey, readRoot } from './wire-values.js';

/** A field that `read` turns into a value; undefined from it means that the field is wrong. */
function field<T>(read: (value: unknown) => T | undefined, expectation: string) {
  return z.unknown().transform((value, context): T => {
    const result = read(value);
    if (result !== undefined) return result;
    context.addIssue({ code: 'custom', message: expectation });
    return z.NEVER;
  });
}

function integerUpTo(max: number) {
  return field((value) => {
    const number = readInteger(value, max);
    return number === NOT_AN_INTEGER ? undefined : number;
  }, 'expected a decimal number');
}

const integer = integerUpTo(Number.MAX_SAFE_INTEGER);
/** Unix seconds that are a safe number of ms too. */
const unixSeconds = integerUpTo(Math.floor(Number.MAX_SAFE_INTEGER / 1000));
const validatorIndex = integerUpTo(2 ** 32 - 1);
const epoch = field((value) => {
  const number = readEpoch(value);
  return number === NOT_AN_INTEGER ? undefined : number;
}, 'expected a decimal number');
const root = field(readRoot, 'expected 32 bytes of 0x hex');
const pubkey = field(readPubkey, 'expected 48 bytes of 0x hex');
const boolean = z.boolean({ error: 'expected true or false' });
/** Added to the API later than its neighbours: absent means no. */
const laterBoolean = boolean.default(false);

function object<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.object(shape, { error: 'expected an object' });
}

/**
 * A list of rows, read up to the first wrong one: zod's own array notes every fault of every row, and an answer of
 * nothing but faults would cost many times its size.
 */
function rowsOf<T>(row: z.ZodType<T>) {
  return z.array(z.unknown(), { error: 'expected an array' }).transform((rows, context): T[] => {
    const values: T[] = [];
    for (const [place, value] of rows.entries()) {
      const result = row.safeParse(value);
      if (!result.success) {
        const [issue] = result.error.issues;
        context.addIssue({ code: 'custom', message: issue!.message, path: [place, ...issue!.path] });
        return z.NEVER;
      }
      values.push(result.data);
    }
    return values;
  });
}

const syncing = object({
  data: object({
    head_slot: integer,
    sync_distance: integer,
    is_syncing: boolean,
    is_optimistic: laterBoolean,
    el_offline: laterBoolean,
  }),
}).transform(({ data }): SyncStatus => ({
  headSlot: data.head_slot,
  syncDistance: data.sync_distance,
  isSyncing: data.is_syncing,
  isOptimistic: data.is_optimistic,
  elOffline: data.el_offline,
}));

const genesis = object({
  data: object({ genesis_time: unixSeconds, genesis_validators_root: root }),
}).transform(({ data }) => ({
  genesisTimeMs: data.genesis_time * 1000,
  genesisValidatorsRoot: data.genesis_validators_root,
}));

// Spec values are foreign and of any shape; `chain-spec.ts` reads the few it needs.
const specBody = object({ data: field(readObject, 'expected an object') }).transform(({ data }) => data);

const validator = object({
  index: validatorIndex,
  status: z.enum(VALIDATOR_STATUSES, { error: 'expected a validator status of the Beacon API' }),
  validator: object({ pubkey, activation_epoch: epoch, exit_epoch: epoch }),
}).transform((row): ValidatorRecord => ({
  index: row.index,
  pubkey: row.validator.pubkey,
  status: row.status,
  activationEpoch: row.validator.activation_epoch,
  exitEpoch: row.validator.exit_epoch,
}));

const validators = object({ data: rowsOf(validator) }).transform(({ data }) => data);

const checkpoint = object({ epoch: integer, root });

const attestationData = object({
  data: object({ slot: integer, index: integer, beacon_block_root: root, source: checkpoint, target: checkpoint }),
}).transform(({ data }): AttestationData => ({
  slot: data.slot,
  index: data.index,
  beaconBlockRoot: data.beacon_block_root,
  source: data.source,
  target: data.target,
}));

const headRoot = object({
  data: object({ root }),
  execution_optimistic: laterBoolean,
}).transform((body): HeadRoot => ({ root: body.data.root, executionOptimistic: body.execution_optimistic }));

const headEvent = object({
  slot: integer,
  block: root,
  previous_duty_dependent_root: root,
  current_duty_dependent_root: root,
  epoch_transition: boolean,
  execution_optimistic: laterBoolean,
}).transform((event): HeadEvent => ({
  slot: event.slot,
  block: event.block,
  previousDutyDependentRoot: event.previous_duty_dependent_root,
  currentDutyDependentRoot: event.current_duty_dependent_root,
  epochTransition: event.epoch_transition,
  executionOptimistic: event.execution_optimistic,
}));

/** What {@link readAnswer} can read. */
export const ANSWERS = { syncing, genesis, specBody, validators, attestationData, headRoot, headEvent };

/**
 * Turns a parsed JSON body into a typed answer. Throws a `BeaconNodeError` of kind `schema` that names the endpoint
 * and the first wrong field.
 */
export function readAnswer<T>(schema: z.ZodType<T>, endpoint: string, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw schemaError(endpoint, fieldPath(issue?.path ?? []), issue?.message ?? 'unexpected');
}

function fieldPath(path: readonly PropertyKey[]): string {
  return path.map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i > 0 ? '.' : ''}${String(key)}`)).join('');
}
