import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { createMetrics } from '../observability/metrics.js';
import type { HttpContext } from './http-context.js';
import { readQuery } from './query.js';

const NO_QUERY = z.strictObject({});

/** `/metrics`, in the text format of Prometheus (docs/metrics.md). */
export function metricsRoute(app: FastifyInstance, { watch, version }: HttpContext): void {
  const metrics = createMetrics(watch, version);
  app.addHook('onClose', (_app, done) => {
    metrics.close();
    done();
  });
  app.get('/metrics', async (request, reply) => {
    readQuery(request, NO_QUERY);
    return reply.type(metrics.contentType).send(await metrics.text());
  });
}
