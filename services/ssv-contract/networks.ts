import type { Hex } from './contract-types.js';

/** The SSVNetwork contract of a network. */
export interface SsvNetwork {
  readonly chainId: number;
  /** Address, in lower case. */
  readonly contract: Hex;
  /** Block before which the contract was not there. */
  readonly startBlock: number;
}

/** Networks that have an SSVNetwork contract. */
export const SSV_NETWORKS = {
  mainnet: { chainId: 1, contract: '0xdd9bc35ae942ef0cfa76930954a156b3ff30a4e1', startBlock: 17507487 },
  hoodi: { chainId: 560048, contract: '0x58410bef803ecd7e63b23664c586a6db72daf59c', startBlock: 1065 },
  holesky: { chainId: 17000, contract: '0x38a4794cced47d3baf7370ccc43b560d3a1beefa', startBlock: 181612 },
  sepolia: { chainId: 11155111, contract: '0x261419b48f36edf420743e9f91babf4856e76f99', startBlock: 7795814 },
} as const satisfies Record<string, SsvNetwork>;

export type SsvNetworkName = keyof typeof SSV_NETWORKS;
