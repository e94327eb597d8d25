import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Anvil, ANVIL, ANVIL_MISSING, SSV_EVENTS } from '../../support/anvil.js';
import { publicKeyOf } from '../../support/ssv-events.js';
import { FollowedContract } from './followed-contract.js';

const OURS = [1, 2, 3, 7];
const OTHERS = [1, 2, 3, 4];
const [A, B, C, D, E] = [1, 2, 3, 4, 5].map(publicKeyOf) as [string, string, string, string, string];

if (ANVIL === undefined) console.warn(ANVIL_MISSING);

describe.skipIf(ANVIL === undefined).each(['http', 'ws'] as const)(
  'the contract on a real node over %s',
  (protocol) => {
    let anvil: Anvil;
    let folder: string;
    let followed: FollowedContract | undefined;

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'ssv-contract-'));
      anvil = await Anvil.start();
      await anvil.deploy();
    });
    afterEach(async () => {
      await followed?.stop();
      followed = undefined;
      await anvil.kill();
      rmSync(folder, { recursive: true, force: true });
    });

    /** Follows the contract, with what was stored before in `folder`. */
    async function follow(options: ConstructorParameters<typeof FollowedContract>[1] = {}): Promise<FollowedContract> {
      await followed?.stop();
      followed = new FollowedContract({ folder, contract: anvil.contract, url: anvil[protocol] }, options);
      await followed.start();
      return followed;
    }

    it('reads the history, only of our operator, with committees, in order', async () => {
      await anvil.add(OURS, A, B);
      await anvil.add(OTHERS, C);
      await anvil.mine(450);
      await anvil.add([13, 7, 11, 2], D);
      await anvil.send('removeValidator', OURS, B);
      await anvil.send('setFeeRecipient', anvil.account);
      await anvil.send('liquidate', [2, 7, 11, 13]);
      const source = await follow({ operatorId: 7 });
      await source.known();
      expect(source.validators()).toEqual({ [A]: 'active', [D]: 'liquidated' });
      expect(source.events[0]).toMatchObject({
        type: 'VALIDATORS_KNOWN',
        validators: [
          { id: A, liquidated: false, committee: OURS },
          { id: D, liquidated: true, committee: [2, 7, 11, 13] },
        ],
      });
      expect(source.progress.at(-1)).toMatchObject({ done: true });
    });

    it('tells live events in order, with one transaction of several', async () => {
      const source = await follow();
      await source.known();
      await anvil.add(OURS, A, B, C);
      await anvil.send('exitValidator', OURS, B);
      await anvil.send('liquidate', OURS);
      await anvil.add(OURS, D);
      await anvil.send('reactivate', OURS);
      await anvil.send('removeValidator', OURS, A);
      await source.until(() => source.events.at(-1)?.type === 'VALIDATOR_REMOVED');
      expect(source.validators()).toEqual({ [B]: 'active', [C]: 'active', [D]: 'active' });
      expect(source.changes()).toEqual([
        ...[A, B, C].map((key) => `VALIDATOR_ADDED ${key}`),
        `VALIDATOR_EXITED ${B}`,
        ...[A, B, C].map((key) => `CLUSTER_LIQUIDATED ${key}`),
        `VALIDATOR_ADDED ${D} liquidated`,
        ...[A, B, C, D].map((key) => `CLUSTER_REACTIVATED ${key}`),
        `VALIDATOR_REMOVED ${A}`,
      ]);
    });

    it('skips malformed events with transaction and reason, and goes on with the block', async () => {
      const source = await follow();
      await source.known();
      await anvil.add(OURS, A);
      const added = SSV_EVENTS.getEvent('ValidatorAdded')!.topicHash;
      const owner = `0x${anvil.account.slice(2).padStart(64, '0')}`;
      await anvil.sendTogether(
        ['emitRaw', added, owner, '0x1234'],
        ['addValidators', [1, 2, 3], [B], 96 + 3 * 304],
        ['addValidators', [1, 2, 2, 3], [B], 96 + 4 * 304],
        ['addValidators', OURS, [B], 5],
        ['addValidators', OURS, ['0x1234'], 96 + 4 * 304],
        ['addValidators', OURS, [C], 96 + 4 * 304],
      );
      anvil.account = (await anvil.rpc<string[]>('eth_accounts'))[1]!;
      await anvil.add(OURS, A);
      await anvil.add(OURS, E);
      await source.until(() => source.validators()[E] !== undefined);
      expect(source.validators()).toEqual({ [A]: 'active', [C]: 'active', [E]: 'active' });
      const skipped = source.said.filter((message) => message.includes('skipped'));
      expect(skipped).toHaveLength(6);
      for (const message of skipped) expect(message).toMatch(/transaction 0x[0-9a-f]{64}, block \d+/);
      for (const reason of [
        /decoded/,
        /a number of operators/,
        /operator twice/,
        /shares/,
        /48 bytes/,
        /another owner/,
      ]) {
        expect(skipped.filter((message) => reason.test(message))).toHaveLength(1);
      }
    });

    it('goes on after the checkpoint, told of nothing twice', async () => {
      await anvil.add(OURS, A);
      const first = await follow();
      await first.known();
      await anvil.add(OURS, B);
      await first.until(() => first.validators()[B] !== undefined);
      await first.stop();
      await anvil.add(OURS, C);
      const second = await follow();
      await second.known();
      expect(second.validators()).toEqual({ [A]: 'active', [B]: 'active', [C]: 'active' });
      expect(second.progress.at(-1)).toMatchObject({ logs: 1 });
      await anvil.add(OURS, D);
      await second.until(() => second.validators()[D] !== undefined);
      expect(second.changes()).toEqual([`VALIDATOR_ADDED ${D}`]);
    });

    it('outlives a restart of the node', async () => {
      const state = join(folder, 'anvil.json');
      await anvil.kill();
      anvil = await Anvil.start('--state', state);
      await anvil.deploy();
      await anvil.add(OURS, A);
      const source = await follow();
      await source.known();
      const { port, contract } = anvil;
      await anvil.stop();
      await source.until(() => source.said.some((message) => message.includes('waiting for the execution node')));
      anvil = await Anvil.start('--state', state, '--port', String(port));
      anvil.contract = contract;
      await anvil.add(OURS, B);
      await source.until(() => source.validators()[B] !== undefined);
      expect(source.changes()).toEqual([`VALIDATOR_ADDED ${B}`]);
    });

    it('follows re-orgs: what they take back is taken back', async () => {
      await anvil.add(OURS, A);
      await anvil.mine(1);
      const source = await follow();
      await source.known();
      await anvil.add(OURS, B);
      await anvil.add(OURS, C);
      await anvil.send('liquidate', OURS);
      await source.until(() => source.validators()[A] === 'liquidated');
      await anvil.rpc('anvil_reorg', 3, []);
      await source.until(() => source.validators()[A] === 'active');
      expect(source.validators()).toEqual({ [A]: 'active' });
      await anvil.add(OURS, D);
      await source.until(() => source.validators()[D] !== undefined);
      expect(source.validators()).toEqual({ [A]: 'active', [D]: 'active' });
      expect(source.changes().filter((event) => event.startsWith(`VALIDATOR_ADDED ${A}`))).toEqual([]);
    });

    it('follows a chain that is set back and grows another way', async () => {
      await anvil.add(OURS, A);
      const snapshot = await anvil.rpc<string>('evm_snapshot');
      const source = await follow();
      await source.known();
      await anvil.add(OURS, B);
      await source.until(() => source.validators()[B] !== undefined);
      await anvil.rpc('evm_revert', snapshot);
      // Shorter than what was read: no re-org is seen in it until the chain grows another way.
      await source.until(() => source.said.some((message) => message.includes('its head moved back')));
      await anvil.add(OURS, C);
      await source.until(() => source.validators()[C] !== undefined);
      expect(source.validators()).toEqual({ [A]: 'active', [C]: 'active' });
    });

    it('keeps its distance to the head', async () => {
      const source = await follow({ followDistance: 3 });
      await source.known();
      await anvil.add(OURS, A);
      await anvil.mine(2);
      await source.looks(3);
      expect(source.validators()).toEqual({});
      await anvil.mine(1);
      await source.until(() => source.validators()[A] !== undefined);
    });
  },
);
