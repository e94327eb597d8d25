import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ContractLedger } from '../../../services/ssv-contract/contract-ledger.js';
import { readLog } from '../../../services/ssv-contract/contract-logs.js';
import { ContractRegistry } from '../../../services/ssv-contract/contract-registry.js';
import { groupByBlock, type LogsOfBlock } from '../../../services/ssv-contract/logs-of-blocks.js';
import { SAMPLES_MISSING, samplesFolder } from '../../support/samples.js';
import { asRead, logOf, otherLog, publicKeyOf, type MadeLog } from './contract-log-maker.js';
import { openState, openStore, recordsOf } from './opened-store.js';
import { blockOf, contentOf } from './registry-events.js';

const found = samplesFolder();
const slotOf = (timestamp: number) => Math.floor(timestamp / 12);
const committee = [1, 2, 3, 4];

/** A block with logs, 12 s after the one before. */
function block(number: number, ...logs: MadeLog[]): LogsOfBlock {
  const ofBlock = logs.map((log, logIndex) => asRead({ ...log, blockNumber: number, logIndex }));
  return { block: blockOf(number), timestamp: number * 12, logs: ofBlock };
}

const added = (key: number) => logOf('ValidatorAdded', { publicKey: publicKeyOf(key) });

describe('the ledger of the contract', () => {
  it('decodes, applies and stores a range of logs, malformed ones aside', async () => {
    const state = await openState();
    const store = await openStore(state);
    const ledger = new ContractLedger({ registry: store.registry, store, slotOf });
    const change = await ledger.take(
      [
        block(3, otherLog(), added(1), added(1), logOf('ValidatorAdded', { shares: '0x' }), added(2)),
        block(4, logOf('ClusterLiquidated')),
      ],
      blockOf(6),
    );
    const registration = (key: number) => ({ id: publicKeyOf(key), liquidated: false, committee, eventSlot: 3 });
    expect(change.events).toEqual([
      { type: 'VALIDATOR_ADDED', validators: [registration(1), registration(2)] },
      { type: 'CLUSTER_LIQUIDATED', ids: [publicKeyOf(1), publicKeyOf(2)] },
    ]);
    expect(change.refusals.map(({ logIndex, reason }) => [logIndex, reason])).toEqual([
      [2, 'known-validator'],
      [3, 'shares-length'],
    ]);
    expect(contentOf((await openStore(state)).registry)).toEqual(contentOf(store.registry));
    expect(store.registry.cursor).toMatchObject(blockOf(6));

    expect(await ledger.rollBackTo(blockOf(3))).toMatchObject([{ type: 'CLUSTER_REACTIVATED', eventSlot: 3 }]);
    expect((await openStore(state)).registry.cursor).toMatchObject(blockOf(3));
    expect(await ledger.rollBackTo(undefined)).toMatchObject([{ type: 'VALIDATOR_REMOVED' }]);
    expect((await openStore(state)).registry.cursor).toBeUndefined();
  });

  it('stores no shares', async () => {
    const state = await openState();
    const store = await openStore(state);
    await new ContractLedger({ registry: store.registry, store, slotOf }).take([block(1, added(1))], blockOf(1));
    const records = await recordsOf(state);
    expect(records.map(([key]) => key)).toContain(`ssv/validator/${publicKeyOf(1)}`);
    for (const [key, value] of records) expect(key + value).not.toContain('abababab');
  });

  it('knows no slot where the block has no time', async () => {
    const registry = new ContractRegistry();
    const ledger = new ContractLedger({ registry, store: undefined, slotOf });
    await ledger.take([{ ...block(1, added(1)), timestamp: undefined }], blockOf(1));
    expect(registry.known()).toEqual([{ id: publicKeyOf(1), liquidated: false, committee }]);
  });

  it('works in turns, so that others come in between, and loses nothing at their borders', async () => {
    const registry = new ContractRegistry();
    const ledger = new ContractLedger({ registry, store: undefined, slotOf });
    const blocks = Array.from({ length: 300 }, (_, i) =>
      block(i + 1, ...Array.from({ length: 10 }, (_, j) => added(i * 10 + j))),
    );
    let turns = 0;
    let done = false;
    const counting = (async () => {
      for (; !done; turns++) await setImmediate();
    })();
    const { events } = await ledger.take(blocks, blockOf(1000), 100_000);
    done = true;
    await counting;
    expect(turns).toBeGreaterThan(10);
    const ids = events.flatMap((event) => (event.type === 'VALIDATOR_ADDED' ? event.validators : []));
    expect(ids.map(({ id }) => id)).toEqual(Array.from({ length: 3000 }, (_, i) => publicKeyOf(i)));
    expect(registry.known()).toHaveLength(3000);
    expect(registry.points).toMatchObject([{ ...blockOf(1000), undo: undefined }]);
  });
});

describe.skipIf(found === undefined)(
  `the recorded contract${found === undefined ? `: ${SAMPLES_MISSING}` : ''}`,
  () => {
    it('leads to the validators that were left', async () => {
      const logs = (JSON.parse(readFileSync(join(found!, 'el', 'raw-logs.json'), 'utf8')) as unknown[]).map((raw) =>
        readLog(raw)!,
      );
      const through = { number: 28, hash: logs.at(-1)!.blockHash };
      const blocks = groupByBlock(logs, { address: logs[0]!.address, fromBlock: 0, toBlock: 28 });
      const registry = new ContractRegistry(4);
      const { events, refusals } = await new ContractLedger({ registry, store: undefined, slotOf }).take(
        blocks,
        through,
      );
      expect(refusals).toEqual([]);
      expect(events.map(({ type }) => type)).toEqual([
        'VALIDATOR_ADDED',
        'VALIDATOR_REMOVED',
        'VALIDATOR_EXITED',
        'CLUSTER_LIQUIDATED',
        'CLUSTER_REACTIVATED',
        'VALIDATOR_REMOVED',
      ]);
      const left = [5, 6, 7, 8, 9, 10, 0x33];
      expect(registry.known().map(({ id }) => id)).toEqual(left.map(publicKeyOf));
      const reactivation = logs.find(({ blockNumber }) => blockNumber === 26)!;
      for (const validator of registry.known()) {
        expect(validator).toMatchObject({
          liquidated: false,
          committee: [1, 2, 3, 4],
          eventSlot: slotOf(reactivation.blockTimestamp!),
        });
      }
      expect(new ContractRegistry(5).known()).toEqual([]);
    });
  },
);
