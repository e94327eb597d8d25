import { Interface } from 'ethers/abi';
import { CONTRACT_EVENTS, type ContractEventName, type Hex } from './contract-types.js';

const CLUSTER = '(uint32 validatorCount, uint64 networkFeeIndex, uint64 index, bool active, uint256 balance) cluster';

/** The events of the SSVNetwork contract that are followed. */
export const CONTRACT_ABI = new Interface([
  `event ValidatorAdded(address indexed owner, uint64[] operatorIds, bytes publicKey, bytes shares, ${CLUSTER})`,
  `event ValidatorRemoved(address indexed owner, uint64[] operatorIds, bytes publicKey, ${CLUSTER})`,
  'event ValidatorExited(address indexed owner, uint64[] operatorIds, bytes publicKey)',
  `event ClusterLiquidated(address indexed owner, uint64[] operatorIds, ${CLUSTER})`,
  `event ClusterReactivated(address indexed owner, uint64[] operatorIds, ${CLUSTER})`,
]);

/** Where each argument that is read has its word in an event's data; one of no use is left out. */
export interface EventShape {
  readonly name: ContractEventName;
  /** Words before the first dynamic part. */
  readonly headWords: number;
  readonly operatorIds: number;
  readonly publicKey: number | undefined;
  readonly shares: number | undefined;
}

/** Shape of an event by its topic: keccak256 of the signature. */
export const EVENT_SHAPES: ReadonlyMap<Hex, EventShape> = new Map(CONTRACT_EVENTS.map(shapeOf));

/** Topics of the events that are followed, for `eth_getLogs`. */
export const EVENT_TOPICS: readonly Hex[] = [...EVENT_SHAPES.keys()];

function shapeOf(name: ContractEventName): [Hex, EventShape] {
  const event = CONTRACT_ABI.getEvent(name)!;
  const words = new Map<string, number>();
  let headWords = 0;
  for (const input of event.inputs) {
    if (input.indexed === true) continue;
    words.set(input.name, headWords);
    // A tuple of static parts stands in the head itself, everything else has one word there.
    headWords += input.isTuple() ? input.components.length : 1;
  }
  const shape = {
    name,
    headWords,
    operatorIds: words.get('operatorIds')!,
    publicKey: words.get('publicKey'),
    shares: words.get('shares'),
  };
  return [event.topicHash, shape];
}
