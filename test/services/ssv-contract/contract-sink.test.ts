import { expect, it } from 'vitest';
import { ContractLedger } from '../../../services/ssv-contract/contract-ledger.js';
import { ContractRegistry } from '../../../services/ssv-contract/contract-registry.js';
import { ContractSink } from '../../../services/ssv-contract/contract-sink.js';
import { asRead, logOf } from './contract-log-maker.js';
import { blockOf } from './registry-events.js';

/** A sink, what it says, and a way to give it a block with so many malformed events. */
function sink() {
  const said: string[] = [];
  const registry = new ContractRegistry();
  const ledger = new ContractLedger({ registry, store: undefined, slotOf: () => 0 });
  const made = new ContractSink({ registry, ledger, diagnose: ({ message }) => said.push(message) });
  const take = (number: number, malformed: number) => {
    const logs = Array.from({ length: malformed }, (_, logIndex) =>
      asRead({ ...logOf('ValidatorAdded', { shares: '0x' }), blockNumber: number, logIndex }),
    );
    const through = { ...blockOf(number), timestamp: 0 };
    return made.take({ blocks: [{ block: blockOf(number), timestamp: 0, logs }], through }, number);
  };
  return { said, take, begin: () => made.begin(() => undefined) };
}

it('malformed events are counted and named, those of the history up to twenty', async () => {
  const { said, take, begin } = sink();
  await take(1, 19);
  await take(2, 4);
  expect(said).toHaveLength(20);
  expect(said[0]).toMatch(/^ValidatorAdded of the SSV contract skipped: .+ \(transaction 0x0+2, block 1; 1 so far\)$/);
  expect(said[19]).toMatch(/block 2; 20 so far\)$/);
  begin();
  expect(said.slice(20)).toEqual(["3 more malformed events of the SSV contract's history were skipped"]);
  await take(3, 1);
  expect(said.at(-1)).toMatch(/block 3; 24 so far\)$/);
});

it('nothing more is said where all of the history were named', async () => {
  const { said, take, begin } = sink();
  await take(1, 20);
  begin();
  expect(said).toHaveLength(20);
});
