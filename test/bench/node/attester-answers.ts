import { branchRoot, pubkeyOf, slotOf, type NodeSetup } from './protocol.js';

const COMMITTEES_AT_SLOT = 64;
/** Branches with duties of their own; later ones have the same duties again under another root. */
const DIFFERENT_BRANCHES = 2;

/** Bodies of `POST /eth/v1/validator/duties/attester/{epoch}`, each made once for a list of indices. */
export class AttesterAnswers {
  readonly #rows = new Map<string, Buffer>();
  readonly #given = new Map<number, number>();

  constructor(private readonly setup: NodeSetup) {}

  /** The body for a request's body. */
  of(epoch: number, branch: number, requestBody: string): Buffer {
    const key = `${epoch} ${branch % DIFFERENT_BRANCHES} ${requestBody}`;
    const indices = JSON.parse(requestBody) as string[];
    let rows = this.#rows.get(key);
    if (rows === undefined) {
      const texts = indices.map((index) => this.#row(epoch, branch % DIFFERENT_BRANCHES, Number(index)));
      rows = Buffer.from(`${texts.join(',')}]}`);
      this.#rows.set(key, rows);
    }
    this.#given.set(branch, (this.#given.get(branch) ?? 0) + indices.length);
    const head = `{"dependent_root":"${branchRoot(branch)}","execution_optimistic":false,"data":[`;
    return Buffer.concat([Buffer.from(head), rows]);
  }

  /** Duties given away for a branch. */
  given(branch: number): number {
    return this.#given.get(branch) ?? 0;
  }

  #row(epoch: number, branch: number, index: number): string {
    return JSON.stringify({
      pubkey: pubkeyOf(index),
      validator_index: String(index),
      committee_index: String((index + branch) % COMMITTEES_AT_SLOT),
      committee_length: '488',
      committees_at_slot: String(COMMITTEES_AT_SLOT),
      validator_committee_index: String(index % 488),
      slot: String(slotOf(this.setup, epoch, index, branch)),
    });
  }
}
