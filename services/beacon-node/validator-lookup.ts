import { BeaconNodeError } from '../../machines/ports.js';
import type { ValidatorId, ValidatorRecord } from '../../machines/rules/validators.js';
import { ANSWER_LIMITS } from './answer-limits.js';
import { chunksOf, forEachChunk } from './chunks.js';
import { endpointOf, type HttpClient, type NodeRequest } from './http-client.js';
import { ANSWERS, readAnswer } from './schemas.js';

const PATH = '/eth/v1/beacon/states/head/validators';
const IDS_PER_POST = 1000;
/** 64 pubkeys make a request line of 6.4 kB; common servers allow 8 kB. */
const IDS_PER_GET = 64;
/** Answers by which a node (or the proxy before it) may tell that it does not know the POST form. */
const POST_NOT_SERVED: readonly (number | undefined)[] = [400, 404, 405, 415, 501];

/** Looks validators up by POST, or by GET where a node turns out not to serve POST; that is remembered. */
export class ValidatorLookup {
  #byGet = false;

  constructor(private readonly http: HttpClient) {}

  /** Those of `ids` that the node knows, each once. Nothing is asked for an empty list, which would mean everyone. */
  async find(ids: readonly ValidatorId[], budgetMs: number, signal: AbortSignal): Promise<ValidatorRecord[]> {
    const chunks = chunksOf(ids, IDS_PER_POST);
    const answers = await forEachChunk(chunks, signal, (chunk, chunkSignal) => this.#ask(chunk, budgetMs, chunkSignal));
    const asked = new Set(ids.map((id) => id.toLowerCase()));
    const found = new Map<number, ValidatorRecord>();
    for (const record of answers.flat()) {
      if (asked.has(String(record.index)) || asked.has(record.pubkey)) found.set(record.index, record);
    }
    return [...found.values()];
  }

  async #ask(ids: readonly ValidatorId[], budgetMs: number, signal: AbortSignal): Promise<ValidatorRecord[]> {
    if (this.#byGet) return this.#get(ids, budgetMs, signal);
    try {
      return await this.#request({ method: 'POST', path: PATH, body: { ids }, budgetMs, signal });
    } catch (error) {
      if (!(error instanceof BeaconNodeError && POST_NOT_SERVED.includes(error.status))) throw error;
    }
    // The same statuses also answer a wrong request. Only where GET then works was it the method.
    const records = await this.#get(ids, budgetMs, signal);
    this.#byGet = true;
    return records;
  }

  async #get(ids: readonly ValidatorId[], budgetMs: number, signal: AbortSignal): Promise<ValidatorRecord[]> {
    const records: ValidatorRecord[] = [];
    for (const chunk of chunksOf(ids, IDS_PER_GET)) {
      const query = `id=${chunk.map(encodeURIComponent).join(',')}`;
      records.push(...(await this.#request({ method: 'GET', path: PATH, query, budgetMs, signal })));
    }
    return records;
  }

  async #request(request: NodeRequest): Promise<ValidatorRecord[]> {
    const body = await this.http.getJson({ ...request, maxBytes: ANSWER_LIMITS.rows });
    return readAnswer(ANSWERS.validators, endpointOf(request), body);
  }
}
