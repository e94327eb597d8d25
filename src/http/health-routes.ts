import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { healthOf, readinessOf } from '../observability/readiness.js';
import type { HttpContext } from './http-context.js';
import { readQuery } from './query.js';

const NO_QUERY = z.strictObject({});

/** `/healthz`: the process lives and ticks. `/readyz`: duties can be met now, or what is missing. 503 where not. */
export function healthRoutes(app: FastifyInstance, { watch, clock }: HttpContext): void {
  app.get('/healthz', async (request, reply) => {
    readQuery(request, NO_QUERY);
    const health = healthOf(watch.scheduler, clock.now());
    return reply.code(health.healthy ? 200 : 503).send(health);
  });
  app.get('/readyz', async (request, reply) => {
    readQuery(request, NO_QUERY);
    const readiness = readinessOf(watch.scheduler, clock.now());
    return reply.code(readiness.ready ? 200 : 503).send(readiness);
  });
}
