import type { FastifyInstance } from 'fastify';
import type { AnyStateMachine } from 'xstate';
import { z } from 'zod';
import { beaconNodeMachine } from '../../machines/beacon-node.machine.js';
import { dutyExecutionMachine } from '../../machines/duty-execution.machine.js';
import { dutyRoleMachine } from '../../machines/duty-role.machine.js';
import { subscriptionMachine } from '../../machines/subscription.machine.js';
import { tableFetchMachine } from '../../machines/table-fetch.machine.js';
import { validatorsMachine } from '../../machines/validators.machine.js';
import type { SchedulerActor } from '../../services/actors/scheduler-logic.js';
import { livingActors } from '../observability/actor-report.js';
import { watchSteps } from '../observability/actor-steps.js';
import { describeLine, isTrouble } from '../observability/describe-line.js';
import { nowReport } from '../observability/now-report.js';
import type { ChartsReport, LineEvent, MachinesReport } from '../observability/reports.js';
import { MOST_PAST_EPOCHS, timelineReport } from '../observability/timeline-report.js';
import { drawCharts } from './charts/draw-charts.js';
import { EventStreams } from './event-streams.js';
import type { HttpContext } from './http-context.js';
import { notStarted } from './not-started.js';
import { readQuery } from './query.js';

const NO_QUERY = z.strictObject({});
const TIMELINE_QUERY = z.strictObject({
  epochs: z
    .string()
    .regex(new RegExp(`^[0-${MOST_PAST_EPOCHS}]$`), `expected a whole number from 0 to ${MOST_PAST_EPOCHS}`)
    .default('1')
    .transform(Number),
});

/** Every machine that may have actors, beside the scheduler's own, which is built for its roles. */
const MACHINES: readonly AnyStateMachine[] = [
  beaconNodeMachine,
  validatorsMachine,
  dutyRoleMachine,
  tableFetchMachine,
  dutyExecutionMachine,
  subscriptionMachine,
];

/** `/api/…`: what the page shows, as JSON, and its live events. */
export function apiRoutes(app: FastifyInstance, { watch, clock, title, version }: HttpContext): void {
  const streams = new EventStreams();
  let charts: Promise<ChartsReport> | undefined;
  app.addHook('preClose', (done) => {
    streams.closeAll();
    done();
  });
  const running = (): SchedulerActor => {
    const { actor } = watch.scheduler;
    if (actor === undefined) throw notStarted();
    return actor;
  };

  app.get('/api/now', async (request, reply) => {
    readQuery(request, NO_QUERY);
    return reply.send(nowReport(watch, { title, version }));
  });

  app.get('/api/timeline', async (request, reply) => {
    const { epochs } = readQuery(request, TIMELINE_QUERY);
    const report = timelineReport(watch, epochs);
    if (report === undefined) throw notStarted();
    return reply.send(report);
  });

  app.get('/api/machines', async (request, reply) => {
    readQuery(request, NO_QUERY);
    return reply.send({ time: clock.now(), ...livingActors(running()) } satisfies MachinesReport);
  });

  app.get('/api/machines/charts', async (request, reply) => {
    readQuery(request, NO_QUERY);
    const { logic } = running();
    // Once, and again where it did not work.
    charts ??= drawCharts([logic as AnyStateMachine, ...MACHINES]).catch((error: unknown) => {
      charts = undefined;
      throw error;
    });
    return reply.send(await charts);
  });

  app.get('/api/machines/events', async (request, reply) => {
    readQuery(request, NO_QUERY);
    const actor = running();
    return streams.open(reply, ({ send }) =>
      watchSteps(
        actor,
        () => clock.now(),
        (step) => send('step', step),
      ),
    );
  });

  app.get('/api/events', async (request, reply) => {
    readQuery(request, NO_QUERY);
    return streams.open(reply, ({ send }) =>
      watch.listen({
        line: (line) => send('line', { line, ...describeLine(line), isTrouble: isTrouble(line) } satisfies LineEvent),
        tick: (slot, delayMs) => send('tick', { slot, delayMs }),
        head: (slot, offsetMs) => send('head', { slot, offsetMs }),
      }),
    );
  });
}
