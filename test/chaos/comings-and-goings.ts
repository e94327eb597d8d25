/** Validators that come and go by the contract, and when each of them did. */
import type { RandomStream } from '../../src/devnet/deterministic-random.js';
import { sharesFor } from '../services/ssv-contract/contract-log-maker.js';
import type { ContractChain } from './contract-chain.js';

const CLUSTER_SIZE = 4;

interface Member {
  readonly index: number;
  readonly publicKey: string;
  readonly operatorIds: readonly number[];
  present: boolean;
  liquidated: boolean;
}

/** Something the contract said about a validator. */
export interface MemberChange {
  readonly validator: number;
  /** Unix ms of the block that says it. */
  readonly at: number;
}

/** The operator's validators, in clusters of four, all there from the beginning. */
export class ComingsAndGoings {
  readonly changes: MemberChange[] = [];
  readonly #members: readonly Member[];

  /** @param publicKeys of the chain's validators by index */
  constructor(
    publicKeys: readonly string[],
    private readonly contract: ContractChain,
    private readonly random: RandomStream,
  ) {
    this.#members = publicKeys.map((publicKey, index) => {
      const operatorIds = [1, 2, 3, 4 + Math.floor(index / CLUSTER_SIZE)];
      return { index, publicKey, operatorIds, present: true, liquidated: false };
    });
    for (const { publicKey, operatorIds } of this.#members)
      contract.emitEarly('ValidatorAdded', { publicKey, operatorIds, shares: sharesFor(operatorIds.length) });
  }

  /** Whether a validator is one of ours, with a cluster that pays, by the last block. */
  isActive(validator: number): boolean {
    const member = this.#members[validator];
    return member !== undefined && member.present && !member.liquidated;
  }

  /** One change by chance: a cluster is liquidated, or a validator removed; the next one undoes it. */
  happen(): void {
    const away = this.#members.find(({ present }) => !present);
    if (away !== undefined) return this.#tell('ValidatorAdded', [away], (member) => (member.present = true));
    const liquidated = this.#members.filter((member) => member.liquidated);
    if (liquidated.length > 0)
      return this.#tell('ClusterReactivated', liquidated, (member) => (member.liquidated = false));
    const chosen = this.#members[this.random.below(this.#members.length)]!;
    if (this.random.fraction() < 0.5)
      return this.#tell('ValidatorRemoved', [chosen], (member) => (member.present = false));
    const cluster = this.#members.filter(({ operatorIds }) => operatorIds[3] === chosen.operatorIds[3]);
    this.#tell('ClusterLiquidated', cluster, (member) => (member.liquidated = true));
  }

  #tell(
    name: Parameters<ContractChain['emit']>[0],
    members: readonly Member[],
    change: (member: Member) => unknown,
  ): void {
    const { publicKey, operatorIds } = members[0]!;
    const at = this.contract.emit(name, { publicKey, operatorIds, shares: sharesFor(operatorIds.length) });
    for (const member of members) {
      change(member);
      this.changes.push({ validator: member.index, at });
    }
  }
}
