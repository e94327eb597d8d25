/** The flags of `run` that say which validators: a list, or those of the SSV contract. */
import type { Command, Option } from 'commander';
import type { ValidatorId } from '../../machines/rules/validators.js';
import { parseNodeAddress } from '../../services/beacon-node/node-address.js';
import { ConfigurationError } from '../../services/chain-loader.js';
import { SSV_NETWORKS, type SsvNetworkName } from '../../services/ssv-contract/networks.js';
import {
  readContractAddress,
  type SsvContractChoice,
  type SsvValidatorSourceOptions,
} from '../../services/ssv-contract/ssv-validator-source.js';
import type { FlagValues } from './flag-values.js';
import { oneOf, wholeNumber } from './flags.js';
import { UsageError } from './usage-error.js';
import { readValidators } from './validators-file.js';

/** A fixed list, or what leads to the contract. */
export type ValidatorChoice = readonly ValidatorId[] | SsvValidatorSourceOptions;

const NETWORKS = Object.keys(SSV_NETWORKS) as SsvNetworkName[];
/** Flags that mean nothing without `--execution-node`. */
const OF_THE_CONTRACT = ['--network', '--contract', '--contract-start-block', '--operator-id', '--follow-distance'];

const readBlock = wholeNumber({ from: 0, to: Number.MAX_SAFE_INTEGER });
const readOperatorId = wholeNumber({ from: 1, to: Number.MAX_SAFE_INTEGER });
const readBlocks = wholeNumber({ from: 0, to: 1_000_000 });

/** Adds the flags to a command; `flag` makes one with its variable. */
export function addValidatorFlags(command: Command, flag: (flags: string, description: string) => Option): void {
  const add = (flags: string, description: string) => command.addOption(flag(flags, description));
  add(
    '--validators <list|file>',
    'indices and/or 0x pubkeys, comma separated, or a file with one per line (# begins a comment)',
  );
  add(
    '--execution-node <url>',
    'http(s):// or ws(s):// address of an execution node: validators come from the SSV contract, in place of --validators',
  );
  add('--network <name>', `whose SSV contract: ${NETWORKS.join(', ')}`);
  add('--contract <address>', 'address of another SSV contract, in place of --network');
  add('--contract-start-block <n>', 'block in which that contract was deployed');
  add('--operator-id <n>', 'only validators whose cluster has this operator (default: all)');
  add('--follow-distance <blocks>', 'how far behind the head logs are read (default: 8)');
  add('--resync', 'forget the stored validators and read the contract from its start block');
}

/** Reads which validators are meant. Throws a {@link UsageError} where the flags exclude each other or do not suffice. */
export function readValidatorChoice(flags: FlagValues): ValidatorChoice {
  const executionNode = flags.optional('--execution-node', readExecutionNode);
  const isGiven = (name: string) => flags.optional(name, (text) => text) !== undefined;
  if (executionNode === undefined) {
    const lonely = flags.isOn('--resync') ? '--resync' : OF_THE_CONTRACT.find(isGiven);
    if (lonely !== undefined) throw new UsageError(`${lonely} needs --execution-node`);
    const whatFor = 'indices and/or 0x pubkeys, or a file of them; --execution-node takes them from the SSV contract';
    return flags.required('--validators', readValidators, whatFor);
  }
  if (isGiven('--validators')) throw new UsageError('--validators and --execution-node exclude each other');
  const operatorId = flags.optional('--operator-id', readOperatorId);
  const followDistance = flags.optional('--follow-distance', readBlocks);
  return {
    executionNode,
    ...readContract(flags),
    ...(operatorId !== undefined && { operatorId }),
    ...(followDistance !== undefined && { followDistance }),
    resync: flags.isOn('--resync'),
  };
}

function readContract(flags: FlagValues): SsvContractChoice {
  const network = flags.optional('--network', (text) => oneOf(NETWORKS, text));
  const contract = flags.optional('--contract', readAddress);
  const contractStartBlock = flags.optional('--contract-start-block', readBlock);
  if (network !== undefined) {
    if (contract !== undefined) throw new UsageError('--network and --contract exclude each other');
    if (contractStartBlock !== undefined) throw new UsageError('--contract-start-block belongs to --contract');
    return { network };
  }
  if (contract === undefined) {
    throw new UsageError(`--network is missing: ${NETWORKS.join(', ')}; or --contract with --contract-start-block`);
  }
  if (contractStartBlock === undefined) {
    throw new UsageError('--contract-start-block is missing: the block in which the contract was deployed');
  }
  return { contract, contractStartBlock };
}

/** Repeats nothing of the address, since it may hold a password. */
function readExecutionNode(url: string): string {
  try {
    parseNodeAddress(url, 'execution node');
    return url;
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

function readAddress(text: string): string {
  try {
    return readContractAddress(text.trim());
  } catch (error) {
    if (error instanceof ConfigurationError) throw new UsageError(error.message.replace(/^contract: /, ''));
    throw error;
  }
}
