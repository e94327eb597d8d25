import type { Dispatcher } from 'undici';
import {
  type AttestationData,
  type BeaconCommitteeSubscription,
  type BeaconNode,
  type Clock,
  type HeadRoot,
  type HeadStreamListener,
  type SyncCommitteeSubscription,
  type SyncStatus,
} from '../../machines/ports.js';
import type { ChainSpec, Epoch, Slot } from '../../machines/rules/chain-time.js';
import type { DutyAnswer } from '../../machines/rules/duties.js';
import type { ValidatorId, ValidatorRecord } from '../../machines/rules/validators.js';
import { ANSWER_LIMITS } from './answer-limits.js';
import { readSpec, type SpecPart } from './chain-spec.js';
import { chunksOf } from './chunks.js';
import { type DutyRequestSettings, DutyRequests } from './duty-requests.js';
import { httpError, schemaError } from './failures.js';
import { openHeadStream } from './head-stream.js';
import {
  createNodeAgent,
  endpointOf,
  type ExchangeObserver,
  HttpClient,
  isSuccess,
  parseJson,
  type ReadRequest,
} from './http-client.js';
import { type NodeAddress, parseNodeAddress } from './node-address.js';
import { ANSWERS, readAnswer } from './schemas.js';
import { type TimeBudgets, timeBudgets } from './time-budget.js';
import { ValidatorLookup } from './validator-lookup.js';
import { readObject } from './wire-values.js';

/** 8000 entries are under 1 MB of JSON, which is what common servers take. */
const SUBSCRIPTIONS_PER_REQUEST = 8000;

export interface HttpBeaconNodeOptions {
  /** `http(s)://[user:password@]host[:port][/prefix]`; the credentials are sent as a header and never shown. */
  readonly url: string;
  /** The time budgets run on it. */
  readonly clock: Clock;
  /** Duties then get a quarter of a slot instead of a whole one. */
  readonly anotherNodeCanBeAsked?: boolean;
  /** Connections to use instead of own ones; `close` leaves them open. */
  readonly dispatcher?: Dispatcher;
  /** Hears of each request when it is over; the event stream is none. */
  readonly onExchange?: ExchangeObserver;
}

/**
 * A beacon node over HTTP (Beacon API). Throws a `TypeError` for an unusable address; its methods reject with
 * `BeaconNodeError` only. `close` ends every request and stream at once (kind `aborted`).
 */
export function createHttpBeaconNode(options: HttpBeaconNodeOptions): BeaconNode & { close(): Promise<void> } {
  return new HttpBeaconNode(options);
}

class HttpBeaconNode implements BeaconNode {
  readonly #address: NodeAddress;
  readonly #clock: Clock;
  readonly #anotherNodeCanBeAsked: boolean;
  readonly #dispatcher: Dispatcher;
  readonly #ownsDispatcher: boolean;
  readonly #observer: ExchangeObserver | undefined;
  readonly #http: HttpClient;
  readonly #duties: DutyRequests;
  readonly #validators: ValidatorLookup;
  /** From the first spec answer on. */
  #spec: SpecPart | undefined;

  constructor(options: HttpBeaconNodeOptions) {
    this.#address = parseNodeAddress(options.url);
    this.#clock = options.clock;
    this.#anotherNodeCanBeAsked = options.anotherNodeCanBeAsked ?? false;
    this.#ownsDispatcher = options.dispatcher === undefined;
    this.#dispatcher = options.dispatcher ?? createNodeAgent();
    this.#observer = options.onExchange;
    this.#http = new HttpClient(this.#address, this.#clock, this.#dispatcher, options.onExchange);
    this.#duties = new DutyRequests(this.#http);
    this.#validators = new ValidatorLookup(this.#http);
  }

  get url(): string {
    return this.#address.shown;
  }

  async getChainSpec(signal: AbortSignal): Promise<ChainSpec | undefined> {
    const { medium: maxBytes } = ANSWER_LIMITS;
    const specRequest = { ...this.#get('/eth/v1/config/spec', this.#budgets.other, signal), maxBytes };
    const specEndpoint = endpointOf(specRequest);
    const specBody = readAnswer(ANSWERS.specBody, specEndpoint, await this.#http.getJson(specRequest));
    const spec = readSpec(specEndpoint, specBody);
    this.#spec = spec;

    const genesisRequest = this.#get('/eth/v1/beacon/genesis', this.#budgets.other, signal);
    const genesisEndpoint = endpointOf(genesisRequest);
    const { status, text } = await this.#http.send(genesisRequest);
    if (status === 404 && isJsonObject(text)) return undefined;
    if (!isSuccess(status)) throw httpError(genesisEndpoint, status, text);
    return { ...readAnswer(ANSWERS.genesis, genesisEndpoint, parseJson(genesisEndpoint, text)), ...spec };
  }

  async getSyncStatus(signal: AbortSignal): Promise<SyncStatus> {
    const request = this.#get('/eth/v1/node/syncing', this.#budgets.syncStatus, signal);
    return readAnswer(ANSWERS.syncing, endpointOf(request), await this.#http.getJson(request));
  }

  getValidators(ids: readonly ValidatorId[], signal: AbortSignal): Promise<ValidatorRecord[]> {
    return this.#validators.find(ids, this.#budgets.other, signal);
  }

  getAttesterDuties(epoch: Epoch, indices: Uint32Array, signal: AbortSignal): Promise<DutyAnswer> {
    return this.#duties.attester(epoch, indices, this.#dutySettings, signal);
  }

  getProposerDuties(epoch: Epoch, version: 1 | 2, signal: AbortSignal): Promise<DutyAnswer> {
    return this.#duties.proposer(epoch, version, this.#dutySettings, signal);
  }

  getSyncCommitteeDuties(epoch: Epoch, indices: Uint32Array, signal: AbortSignal): Promise<DutyAnswer> {
    return this.#duties.syncCommittee(epoch, indices, this.#dutySettings, signal);
  }

  async getAttestationData(
    slot: Slot,
    committeeIndex: number | undefined,
    signal: AbortSignal,
  ): Promise<AttestationData> {
    const query = `slot=${slot}${committeeIndex === undefined ? '' : `&committee_index=${committeeIndex}`}`;
    const request = { ...this.#get('/eth/v1/validator/attestation_data', this.#budgets.data, signal), query };
    const endpoint = endpointOf(request);
    const data = readAnswer(ANSWERS.attestationData, endpoint, await this.#http.getJson(request));
    // To sign over another slot's data would be a vote in the wrong slot.
    if (data.slot !== slot) throw schemaError(endpoint, 'data.slot', `expected ${slot}, not ${data.slot}`);
    return data;
  }

  async getHeadRoot(signal: AbortSignal): Promise<HeadRoot> {
    const request = this.#get('/eth/v1/beacon/blocks/head/root', this.#budgets.data, signal);
    return readAnswer(ANSWERS.headRoot, endpointOf(request), await this.#http.getJson(request));
  }

  subscribeBeaconCommittees(entries: readonly BeaconCommitteeSubscription[], signal: AbortSignal): Promise<void> {
    return this.#subscribe('/eth/v1/validator/beacon_committee_subscriptions', entries, signal, (entry) => ({
      validator_index: String(entry.validatorIndex),
      committee_index: String(entry.committeeIndex),
      committees_at_slot: String(entry.committeesAtSlot),
      slot: String(entry.slot),
      is_aggregator: entry.isAggregator,
    }));
  }

  subscribeSyncCommittees(entries: readonly SyncCommitteeSubscription[], signal: AbortSignal): Promise<void> {
    return this.#subscribe('/eth/v1/validator/sync_committee_subscriptions', entries, signal, (entry) => ({
      validator_index: String(entry.validatorIndex),
      sync_committee_indices: entry.syncCommitteeIndices.map(String),
      until_epoch: String(entry.untilEpoch),
    }));
  }

  openHeadStream(listener: HeadStreamListener, signal: AbortSignal): void {
    const source = {
      address: this.#address,
      clock: this.#clock,
      dispatcher: this.#dispatcher,
      observer: this.#observer,
    };
    openHeadStream(source, listener, signal);
  }

  async close(): Promise<void> {
    if (this.#ownsDispatcher) await this.#dispatcher.destroy();
  }

  get #budgets(): TimeBudgets {
    return timeBudgets(this.#spec?.slotDurationMs, this.#anotherNodeCanBeAsked);
  }

  get #dutySettings(): DutyRequestSettings {
    return { budgetMs: this.#budgets.duties, slotsPerEpoch: this.#spec?.slotsPerEpoch };
  }

  #get(path: string, budgetMs: number, signal: AbortSignal): ReadRequest {
    return { method: 'GET', path, budgetMs, maxBytes: ANSWER_LIMITS.small, signal };
  }

  async #subscribe<T>(
    path: string,
    entries: readonly T[],
    signal: AbortSignal,
    toWire: (entry: T) => object,
  ): Promise<void> {
    for (const chunk of chunksOf(entries, SUBSCRIPTIONS_PER_REQUEST)) {
      const body = chunk.map(toWire);
      await this.#http.post({ method: 'POST', path, body, budgetMs: this.#budgets.subscriptions, signal });
    }
  }
}

function isJsonObject(text: string): boolean {
  try {
    return readObject(JSON.parse(text)) !== undefined;
  } catch {
    return false;
  }
}
