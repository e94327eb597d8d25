import { BeaconNodeError } from '../../machines/ports.js';
import type { Epoch } from '../../machines/rules/chain-time.js';
import type { DutyAnswer } from '../../machines/rules/duties.js';
import { ANSWER_LIMITS } from './answer-limits.js';
import { chunksOf, forEachChunk } from './chunks.js';
import { type DutyPart, readAttesterDuties, readProposerDuties, readSyncDuties, slotRange } from './duty-answers.js';
import { joinColumns } from './duty-columns.js';
import { abortedError } from './failures.js';
import { endpointOf, type HttpClient, type ReadRequest } from './http-client.js';
import { ParseTurns } from './parse-turns.js';

/** Indices per request: its answer parses in less than 5 ms. */
const INDICES_PER_REQUEST = 2000;

/** What a duties request depends on besides its own arguments. */
export interface DutyRequestSettings {
  readonly budgetMs: number;
  /** Undefined while unknown: then a duty's slot is not checked. */
  readonly slotsPerEpoch: number | undefined;
}

/** The duties endpoints of one node. */
export class DutyRequests {
  readonly #turns = new ParseTurns();

  constructor(private readonly http: Pick<HttpClient, 'getText'>) {}

  attester(epoch: Epoch, indices: Uint32Array, settings: DutyRequestSettings, signal: AbortSignal) {
    const slots = slotRange(epoch, settings.slotsPerEpoch);
    return this.#chunked(
      `/eth/v1/validator/duties/attester/${epoch}`,
      indices,
      settings,
      signal,
      (endpoint, text, chunk) => readAttesterDuties(endpoint, text, chunk, slots),
    );
  }

  syncCommittee(epoch: Epoch, indices: Uint32Array, settings: DutyRequestSettings, signal: AbortSignal) {
    return this.#chunked(`/eth/v1/validator/duties/sync/${epoch}`, indices, settings, signal, readSyncDuties);
  }

  async proposer(
    epoch: Epoch,
    version: 1 | 2,
    settings: DutyRequestSettings,
    signal: AbortSignal,
  ): Promise<DutyAnswer> {
    const path = `/eth/v${version}/validator/duties/proposer/${epoch}`;
    const slots = slotRange(epoch, settings.slotsPerEpoch);
    const part = await this.#part(
      { method: 'GET', path, budgetMs: settings.budgetMs, maxBytes: ANSWER_LIMITS.medium, signal },
      (endpoint, text) => readProposerDuties(endpoint, text, slots),
    );
    return { ...part, endpointVersion: version };
  }

  async #chunked(
    path: string,
    indices: Uint32Array,
    settings: DutyRequestSettings,
    callerSignal: AbortSignal,
    read: (endpoint: string, text: string, chunk: Uint32Array) => DutyPart,
  ): Promise<DutyAnswer> {
    const chunks = chunksOf(indices, INDICES_PER_REQUEST);
    // A re-org between two chunks gives two roots. Asked again at once, all come from the new branch.
    for (let attempt = 1; attempt <= 2; attempt++) {
      const parts = await forEachChunk(chunks, callerSignal, (chunk, signal) => {
        const body = Array.from(chunk, String);
        return this.#part(
          { method: 'POST', path, body, budgetMs: settings.budgetMs, maxBytes: ANSWER_LIMITS.rows, signal },
          (endpoint, text) => read(endpoint, text, chunk),
        );
      });
      const dependentRoot = parts[0]?.dependentRoot ?? null;
      if (parts.every((part) => part.dependentRoot === dependentRoot)) {
        const columns = joinColumns(parts.map((part) => part.columns));
        // Whoever takes in 100 000 duties has a turn of the event loop for himself.
        await this.#turns.next();
        if (callerSignal.aborted) throw abortedError(`POST ${path}`);
        return { dependentRoot, endpointVersion: 1, columns };
      }
    }
    throw new BeaconNodeError('schema', `POST ${path}: dependent root changed between chunks`);
  }

  async #part(request: ReadRequest, read: (endpoint: string, text: string) => DutyPart): Promise<DutyPart> {
    const endpoint = endpointOf(request);
    const text = await this.http.getText(request);
    await this.#turns.next();
    if (request.signal.aborted) throw abortedError(endpoint);
    return read(endpoint, text);
  }
}
