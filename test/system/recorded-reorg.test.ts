import { describe, expect, test } from 'vitest';
import { epochOf } from '../../machines/rules/chain-time.js';
import type { EventLine } from '../../machines/rules/event-log.js';
import { VirtualClock } from '../../services/clock/virtual-clock.js';
import { chainSpecOf, DEFAULT_PARAMETERS } from '../../src/devnet/index.js';
import { createDutyScheduler } from '../../src/duty-scheduler.js';
import { RECORDED_CHAIN, recordedHeads, recordedTables } from '../support/recorded-reorg.js';
import { SAMPLES_MISSING, samplesFolder } from '../support/samples.js';
import { ScriptedNode } from '../support/scripted-node.js';

// SPEC §5: the re-org of a real node, ten slots deep, across an epoch boundary, with its own timing: while the clock
// says 21, heads 18 and 20 are followed by 15, 16, 19 and 21 within 35 ms.
const folder = samplesFolder();

/** Ms by which answers are ready before the recording saw them: at once, or as late as they were seen. */
const LAGS = [
  ['answers follow the heads at once', 150],
  ['answers lag behind the heads as they were seen', 0],
] as const;

describe.skipIf(folder === undefined)(
  `the recorded re-org${folder === undefined ? ` (${SAMPLES_MISSING})` : ''}`,
  () => {
    test.each(LAGS)(
      '%s: the duties of the final chain run, none unchanged is cancelled, no storm',
      async (_, aheadMs) => {
        const { genesisTimeMs, slotDurationMs, validators } = RECORDED_CHAIN;
        const parameters = { ...DEFAULT_PARAMETERS, genesisTimeMs, slotDurationMs, epochsPerSyncCommitteePeriod: 8 };
        const chain = { ...chainSpecOf(parameters), forkEpochs: { altair: 0, fulu: Infinity, gloas: Infinity } };
        const clock = new VirtualClock(genesisTimeMs - 9000);
        const indices = Array.from({ length: validators }, (_unused, index) => index);
        const node = new ScriptedNode(chain, clock, indices);
        const final = {
          attester: new Map<number, ReadonlySet<string>>(),
          proposer: new Map<number, ReadonlySet<string>>(),
        };
        for (const { at, kind, epoch, table } of recordedTables(folder!)) {
          const publish = () => {
            if (kind === 'sync')
              node.sync.set(
                0,
                table.duties.map(([, validator]) => validator),
              );
            else node[kind].set(epoch, table);
          };
          clock.setTimeout(publish, Math.max(0, at - aheadMs - clock.now()));
          if (kind !== 'sync')
            final[kind].set(epoch, new Set(table.duties.map(([slot, validator]) => `${slot}:${validator}`)));
        }
        for (const { at, head } of recordedHeads(folder!))
          clock.setTimeout(() => node.head(head.slot, head), at - clock.now());

        const ran: Record<string, string[]> = {};
        const executor = (batch: { kind: string; slot: number; duties: readonly { validatorIndex: number }[] }) => {
          (ran[batch.kind] ??= []).push(...batch.duties.map(({ validatorIndex }) => `${batch.slot}:${validatorIndex}`));
          return Promise.resolve();
        };
        const lines: EventLine[] = [];
        const scheduler = createDutyScheduler({
          beaconNode: node,
          validators: indices,
          executors: { attester: executor, proposer: executor, 'sync-committee': executor },
          clock,
          random: () => 0.5,
        });
        scheduler.on('*', (line) => lines.push(line));
        await clock.advanceBy(0);
        await scheduler.start();
        await clock.advanceTo(genesisTimeMs + 31 * slotDurationMs + 2000);
        await scheduler.stop();

        const inEpoch = (kind: string, epoch: number) =>
          (ran[kind] ?? []).filter((duty) => epochOf(chain, Number(duty.split(':')[0])) === epoch).sort();
        for (const epoch of [0, 1, 2, 3]) {
          expect(inEpoch('attester', epoch), `attester ${epoch}`).toEqual([...final.attester.get(epoch)!].sort());
          const proposals = [...final.proposer.get(epoch)!].filter((duty) => !duty.startsWith('0:'));
          expect(inEpoch('proposer', epoch), `proposer ${epoch}`).toEqual(proposals.sort());
        }
        expect(ran['sync-committee']!.length).toBe(32 * validators);
        expect(lines.filter((line) => line.type === 'duty-cancelled')).toEqual([]);
        expect(lines.filter((line) => line.type === 'duty-skipped').map((line) => line.reason)).toEqual([
          'genesis-slot',
        ]);

        const changed = lines.filter((line) => line.type === 'duties-changed');
        expect(changed.map((line) => [line.role, 'epoch' in line && line.epoch])).toEqual([['attester', 3]]);
        expect(lines.filter((line) => line.type === 'beacon-node' && line.status === 'inconsistent')).toEqual([]);
        // Not a storm: a table is asked for once, once for each root that was new for it, and once more where the node lags.
        for (const kind of ['attester', 'proposer'] as const) {
          for (const epoch of [0, 1, 2, 3])
            expect(node.requestsFor(kind, epoch), `${kind} ${epoch}`).toBeLessThanOrEqual(4);
        }
      },
    );
  },
);
