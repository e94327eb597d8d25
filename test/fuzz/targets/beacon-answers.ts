/** The answers of a beacon node, through the client that reads them. */
import { BeaconNodeError, type BeaconNode } from '../../../machines/ports.js';
import { readSpec } from '../../../services/beacon-node/chain-spec.js';
import {
  readAttesterDuties,
  readProposerDuties,
  readSyncDuties,
  slotRange,
  type DutyPart,
} from '../../../services/beacon-node/duty-answers.js';
import { createHttpBeaconNode } from '../../../services/beacon-node/http-beacon-node.js';
import { parseJson } from '../../../services/beacon-node/http-client.js';
import { ANSWERS, readAnswer } from '../../../services/beacon-node/schemas.js';
import { VirtualClock } from '../../../services/clock/virtual-clock.js';
import {
  attesterAnswer,
  attesterRow,
  FAR_FUTURE,
  proposerRow,
  PUBKEY,
  ROOT_A,
  SPEC_DATA,
  syncRow,
  validatorRow,
} from '../../services/beacon-node/wire-bodies.js';
import { mustHold, type Feed, type FuzzTarget } from '../fuzz-target.js';
import { AnsweringDispatcher, type Answer } from './answering-dispatcher.js';
import { recordedBodies } from './recorded.js';

const NEVER = new AbortController().signal;
const ASKED = Uint32Array.from({ length: 64 }, (_, index) => index);
/** One input of so many goes through the whole client, the others to its reader alone, which is four times as fast. */
const WITH_CLIENT = 10;
const NOT_OK = [201, 204, 206, 302, 400, 404, 405, 429, 500, 503];
const CHECKPOINT = { epoch: '1', root: ROOT_A };
const ROOT = /^0x[0-9a-f]{64}$/;

/** What one of the client's methods gives; `count` says how many things are in it, and checks that they fit their types. */
interface Reading<T> {
  readonly name: string;
  readonly bodies: readonly object[];
  readonly recorded: string;
  /** Where the bent answer goes; every other request gets a sound one. */
  readonly path: RegExp;
  ask(node: BeaconNode): Promise<T>;
  /** Reads the text of an answer, without the client around it. */
  read(text: string): T;
  count(value: T): number;
}

const SOUND: readonly (readonly [RegExp, object])[] = [
  [/config\/spec/, { data: SPEC_DATA }],
  [/beacon\/genesis/, { data: { genesis_time: '1606824023', genesis_validators_root: ROOT_A } }],
];

const SOUND_SPEC = readSpec('GET', SPEC_DATA);
const SOUND_GENESIS = { genesisTimeMs: 1_606_824_023_000, genesisValidatorsRoot: ROOT_A };
const SLOTS = slotRange(1, SOUND_SPEC.slotsPerEpoch);

function targetFor<T>({ name, bodies, recorded, path, ask, read, count }: Reading<T>): FuzzTarget {
  return {
    name,
    samples: () => {
      const found = recordedBodies(recorded);
      // As many of the tests' own: of the recorded ones, some are refusals, and most are of other epochs.
      const own = Array.from({ length: Math.max(1, found.length) }, () => bodies.map((body) => JSON.stringify(body)));
      return [...own.flat(), ...found];
    },
    async open() {
      const dispatcher = new AnsweringDispatcher();
      const node = createHttpBeaconNode({ url: 'http://node.test', clock: new VirtualClock(0), dispatcher });
      const sound = (asked: string): Answer => {
        const body = SOUND.find(([pattern]) => pattern.test(asked))?.[1] ?? {};
        return { status: 200, body: Buffer.from(JSON.stringify(body)) };
      };
      dispatcher.answer = sound;
      await node.getChainSpec(NEVER);
      const askFor = async (input: Buffer, status: number) => {
        dispatcher.answer = (asked) => (path.test(asked) ? { status, body: input } : sound(asked));
        try {
          return count(await ask(node));
        } catch (error) {
          return refused(error);
        }
      };
      const readOnly = (input: Buffer) => {
        try {
          return count(read(input.toString()));
        } catch (error) {
          return refused(error);
        }
      };
      const feed: Feed = (input, random) =>
        random.once(WITH_CLIENT) ? askFor(input, random.once(3) ? random.pick(NOT_OK) : 200) : readOnly(input);
      return { feed, close: () => node.close() };
    },
  };
}

function refused(error: unknown): undefined {
  if (!(error instanceof BeaconNodeError)) throw error;
  mustHold(error.message.length < 600, () => `a message of ${error.message.length} characters`);
  mustHold(!/\p{Cc}/u.test(error.message), () => `control characters in ${JSON.stringify(error.message)}`);
}

function isIndex(value: number, most = 2 ** 32 - 1): boolean {
  return Number.isInteger(value) && value >= 0 && value <= most;
}

function rows({ dependentRoot, columns }: DutyPart): number {
  const { validator, slot, fields, positions } = columns;
  mustHold(dependentRoot === null || ROOT.test(dependentRoot), () => `dependent root ${dependentRoot}`);
  mustHold(slot === undefined || slot.length === validator.length, () => 'columns of different length');
  for (const column of Object.values(fields)) mustHold(column.length === validator.length, () => 'a short column');
  if (positions !== undefined) {
    mustHold(positions.offsets.length === validator.length + 1, () => 'offsets that do not fit');
    mustHold(positions.offsets.at(-1) === positions.values.length, () => 'positions that belong to nobody');
  }
  return validator.length;
}

function askedOnly(answer: DutyPart): number {
  for (const index of answer.columns.validator) mustHold(index < ASKED.length, () => `${index} was not asked for`);
  return rows(answer);
}

const READINGS: readonly FuzzTarget[] = [
  targetFor({
    name: 'attester-duties',
    bodies: [attesterAnswer([attesterRow(1, 9), attesterRow(2, 10)])],
    recorded: 'attester',
    path: /duties\/attester/,
    ask: (node) => node.getAttesterDuties(1, ASKED, NEVER),
    read: (text) => readAttesterDuties('GET', text, ASKED, SLOTS),
    count: (answer) => {
      for (const slot of answer.columns.slot ?? []) mustHold(slot >= 8 && slot < 16, () => `slot ${slot} in epoch 1`);
      return askedOnly(answer);
    },
  }),
  targetFor({
    name: 'proposer-duties',
    bodies: [{ data: [proposerRow(1, 9), proposerRow(7, 10)], dependent_root: ROOT_A }],
    recorded: 'proposer',
    path: /duties\/proposer/,
    ask: (node) => node.getProposerDuties(1, 2, NEVER),
    read: (text) => readProposerDuties('GET', text, SLOTS),
    count: rows,
  }),
  targetFor({
    name: 'sync-duties',
    bodies: [{ data: [syncRow(1, ['5', '511']), syncRow(2, [])] }],
    recorded: 'sync-',
    path: /duties\/sync/,
    ask: (node) => node.getSyncCommitteeDuties(1, ASKED, NEVER),
    read: (text) => readSyncDuties('GET', text, ASKED),
    count: (answer) => askedOnly(answer) + (answer.columns.positions?.values.length ?? 0),
  }),
  targetFor({
    name: 'validators',
    bodies: [{ data: [validatorRow(1), validatorRow(2)] }],
    recorded: 'validators',
    path: /states\/head\/validators/,
    ask: (node) => node.getValidators(['0', '1', '2', PUBKEY], NEVER),
    read: (text) => readAnswer(ANSWERS.validators, 'GET', parseJson('GET', text)),
    count: (records) => {
      for (const { index, pubkey, activationEpoch, exitEpoch } of records) {
        mustHold(isIndex(index) && /^0x[0-9a-f]{96}$/.test(pubkey), () => `validator ${index} ${pubkey}`);
        for (const epoch of [activationEpoch, exitEpoch]) {
          mustHold(epoch === Infinity || isIndex(epoch, Number.MAX_SAFE_INTEGER), () => `epoch ${epoch}`);
        }
      }
      return records.length;
    },
  }),
  ...(['config/spec', 'beacon/genesis'] as const).map((path) =>
    targetFor({
      name: path === 'config/spec' ? 'spec' : 'genesis',
      bodies:
        path === 'config/spec'
          ? [
              { data: SPEC_DATA },
              { data: { SECONDS_PER_SLOT: '12', ...SPEC_DATA, FULU_FORK_EPOCH: FAR_FUTURE, DEPOSIT_CHAIN_ID: '1' } },
            ]
          : [{ data: { genesis_time: '1606824023', genesis_validators_root: ROOT_A, genesis_fork_version: '0x00' } }],
      recorded: path === 'config/spec' ? 'config-spec' : 'genesis',
      path: new RegExp(path),
      ask: (node) => node.getChainSpec(NEVER),
      read: (text) => {
        const body = parseJson('GET', text);
        if (path === 'beacon/genesis') return { ...SOUND_SPEC, ...readAnswer(ANSWERS.genesis, 'GET', body) };
        return { ...SOUND_GENESIS, ...readSpec('GET', readAnswer(ANSWERS.specBody, 'GET', body)) };
      },
      count: (chain) => {
        if (chain === undefined) return 0;
        const { genesisTimeMs, slotDurationMs, slotsPerEpoch, epochsPerSyncCommitteePeriod } = chain;
        mustHold(isIndex(genesisTimeMs, Number.MAX_SAFE_INTEGER), () => `genesis at ${genesisTimeMs}`);
        mustHold(slotDurationMs >= 50 && slotDurationMs <= 3_600_000, () => `slots of ${slotDurationMs} ms`);
        // A table has a word for every slot.
        mustHold(slotsPerEpoch >= 1 && slotsPerEpoch <= 65_536, () => `${slotsPerEpoch} slots in an epoch`);
        mustHold(
          epochsPerSyncCommitteePeriod >= 1 && epochsPerSyncCommitteePeriod <= 65_536,
          () => `${epochsPerSyncCommitteePeriod} epochs in a period`,
        );
        return 1;
      },
    }),
  ),
  targetFor({
    name: 'syncing',
    bodies: [
      { data: { head_slot: '1', sync_distance: '0', is_syncing: false, is_optimistic: false, el_offline: false } },
    ],
    recorded: 'node-syncing',
    path: /node\/syncing/,
    ask: (node) => node.getSyncStatus(NEVER),
    read: (text) => readAnswer(ANSWERS.syncing, 'GET', parseJson('GET', text)),
    count: ({ headSlot, syncDistance, ...flags }) => {
      mustHold(isIndex(headSlot, Number.MAX_SAFE_INTEGER), () => `head slot ${headSlot}`);
      mustHold(isIndex(syncDistance, Number.MAX_SAFE_INTEGER), () => `distance ${syncDistance}`);
      for (const flag of Object.values(flags)) mustHold(typeof flag === 'boolean', () => `flag ${flag}`);
      return 1;
    },
  }),
  targetFor({
    name: 'attestation-data',
    bodies: [{ data: { slot: '42', index: '0', beacon_block_root: ROOT_A, source: CHECKPOINT, target: CHECKPOINT } }],
    recorded: 'attestation-data',
    path: /attestation_data/,
    ask: (node) => node.getAttestationData(42, 0, NEVER),
    read: (text) => ({ ...readAnswer(ANSWERS.attestationData, 'GET', parseJson('GET', text)), slot: 42 }),
    count: ({ slot, beaconBlockRoot, source, target }) => {
      mustHold(slot === 42, () => `data of slot ${slot}`);
      for (const root of [beaconBlockRoot, source.root, target.root]) mustHold(ROOT.test(root), () => `root ${root}`);
      return 1;
    },
  }),
  targetFor({
    name: 'head-root',
    bodies: [{ data: { root: ROOT_A }, execution_optimistic: false }],
    recorded: 'block-root',
    path: /blocks\/head\/root/,
    ask: (node) => node.getHeadRoot(NEVER),
    read: (text) => readAnswer(ANSWERS.headRoot, 'GET', parseJson('GET', text)),
    count: ({ root, executionOptimistic }) => {
      mustHold(ROOT.test(root) && typeof executionOptimistic === 'boolean', () => `${root} ${executionOptimistic}`);
      return 1;
    },
  }),
];

/** A target for each answer. */
export const BEACON_ANSWERS = READINGS;
