import { epochOf, slotAt, slotStartMs } from '../../machines/rules/chain-time.js';
import { dueAtMs } from '../../machines/rules/duty-points.js';
import { readActors, type ActorStates } from './actor-state.js';
import { describeLine, isTrouble } from './describe-line.js';
import { dutyMarks } from './duty-marks.js';
import { kindsOfRoles } from './kinds-of-roles.js';
import { readinessOf } from './readiness.js';
import type { ChainReport, Happening, KindTotals, NowReport } from './reports.js';
import { restartWindow } from './restart-window.js';
import type { SchedulerWatch } from './scheduler-watch.js';
import { medianMargin, missed, sumOf, type KindTally } from './tally.js';
import { upcomingSlots } from './upcoming.js';

const UPCOMING_SLOTS = 4;

/** What is so now. It is made for whoever asks, and keeps nothing. */
export function nowReport(watch: SchedulerWatch, about: { title: string; version: string }): NowReport {
  const { scheduler, clock, history, tally } = watch;
  const time = clock.now();
  const states = scheduler.actor && readActors(scheduler.actor);
  const slot = states && slotAt(states.scheduler.chain, time);
  const kinds = states === undefined ? [] : kindsOfRoles(states.configured);
  return {
    time,
    ...about,
    chain: states === undefined ? null : chainReport(watch, states, time),
    duties: states === undefined ? [] : dutyMarks(history, states, slot!, slot!),
    upcoming: slot === undefined ? [] : upcomingSlots(scheduler, slot, UPCOMING_SLOTS),
    nodes: nodesOf(watch, states),
    validators: states?.scheduler.registry.toJSON() ?? {},
    readiness: readinessOf(scheduler, time),
    restart: states === undefined ? null : restartWindow(history, states, slot!),
    totals: kinds.map((kind) => ({ kind, ...totalsOf(tally.total[kind]) })),
    counts: { reorgs: tally.reorgs, slotsSkipped: tally.slotsSkipped, fetchesFailed: tally.fetchesFailed },
    happenings: tally.notable
      .map((line): Happening => ({
        time: line.time,
        slot: line.slot,
        ...describeLine(line),
        isTrouble: isTrouble(line),
      }))
      .reverse(),
  };
}

function chainReport({ history }: SchedulerWatch, { scheduler: { chain } }: ActorStates, time: number): ChainReport {
  const { genesisTimeMs, slotDurationMs, slotsPerEpoch } = chain;
  const slot = slotAt(chain, time);
  const start = slotStartMs(chain, slot);
  const headAt = history.headAt(slot);
  return {
    genesisTimeMs,
    slotDurationMs,
    slotsPerEpoch,
    slot,
    epoch: epochOf(chain, slot),
    duePoints: [
      { name: 'attest', offsetMs: dueAtMs(chain, 'attester', slot) - start },
      { name: 'aggregate', offsetMs: dueAtMs(chain, 'aggregator', slot) - start },
    ],
    headOffsetMs: headAt === undefined ? null : headAt - start,
  };
}

function nodesOf({ tally }: SchedulerWatch, states: ActorStates | undefined): NowReport['nodes'] {
  if (states === undefined) return [];
  const { nodes, standings, leader } = states.scheduler;
  return nodes.map(({ url }, node) => {
    const { joined, unfit = null } = standings[node]!;
    const status = joined ? (tally.nodes.get(url) ?? 'not heard of yet') : 'not on our chain yet';
    return { url, status, unfit, leads: node === leader };
  });
}

function totalsOf(tally: KindTally): Omit<KindTotals, 'kind'> {
  const margin = medianMargin(tally.margins);
  return {
    met: tally.met,
    late: tally.metBy.late ?? 0,
    failed: tally.failed,
    skipped: sumOf(tally.skipped),
    cancelled: sumOf(tally.cancelled),
    deferred: sumOf(tally.deferred),
    missed: missed(tally),
    medianMarginMs: margin === undefined ? null : Math.round(margin),
  };
}
