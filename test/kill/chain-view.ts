import type { ChainSpec } from '../../machines/rules/chain-time.js';
import { RealClock } from '../../services/clock/real-clock.js';
import { createHttpBeaconNode } from '../../services/beacon-node/http-beacon-node.js';
import type { Attestation, DutyAccount } from './duty-account.js';

/** What the chain says of attestations, asked past the scheduler. */
export class ChainView {
  #nextEpoch: number;

  private constructor(
    private readonly url: string,
    readonly spec: ChainSpec,
    /** Public keys of its validators, by index. */
    readonly publicKeys: readonly string[],
    /** Whose attestations are looked for. */
    private readonly steady: readonly number[],
  ) {
    const { genesisTimeMs, slotDurationMs, slotsPerEpoch } = spec;
    // Of the first epochs the record does not have everything: the process was being started.
    this.#nextEpoch = Math.ceil((Date.now() - genesisTimeMs) / slotDurationMs / slotsPerEpoch) + 2;
  }

  /** @param restless so many validators, the last ones, are not looked for */
  static async of(url: string, restless: number): Promise<ChainView> {
    const node = createHttpBeaconNode({ url, clock: new RealClock() });
    try {
      const spec = await node.getChainSpec(AbortSignal.timeout(10_000));
      if (spec === undefined) throw new Error(`${url} knows no genesis`);
      const path = '/eth/v1/beacon/states/head/validators';
      const all = await json<{ index: string; validator: { pubkey: string } }[]>(url + path);
      const keys = all.sort((a, b) => Number(a.index) - Number(b.index)).map(({ validator }) => validator.pubkey);
      const steady = Array.from({ length: keys.length - restless }, (_, index) => index);
      return new ChainView(url, spec, keys, steady);
    } finally {
      await node.close();
    }
  }

  /** Every epoch, once, when the last of its attestations has had its last chance. */
  async checkEpochs(account: DutyAccount): Promise<void> {
    const { genesisTimeMs, slotDurationMs, slotsPerEpoch } = this.spec;
    const startOf = (slot: number) => genesisTimeMs + slot * slotDurationMs;
    const isOver = (epoch: number) => startOf((epoch + 2) * slotsPerEpoch) < Date.now();
    for (; isOver(this.#nextEpoch); this.#nextEpoch++) {
      // An attestation may begin in so many slots after its own.
      const lastChance = slotsPerEpoch - 1;
      account.checkEpoch(this.#nextEpoch, await this.#attestations(this.#nextEpoch), startOf, lastChance);
    }
  }

  async #attestations(epoch: number): Promise<Attestation[]> {
    const duties = await json<{ validator_index: string; slot: string }[]>(
      `${this.url}/eth/v1/validator/duties/attester/${epoch}`,
      this.steady.map(String),
    );
    return duties.map(({ validator_index, slot }) => ({ validator: Number(validator_index), slot: Number(slot) }));
  }
}

async function json<T>(url: string, body?: unknown): Promise<T> {
  const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(url, body === undefined ? {} : post);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return ((await response.json()) as { data: T }).data;
}
