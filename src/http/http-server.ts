import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Clock } from '../../machines/ports.js';
import { RealClock } from '../../services/clock/real-clock.js';
import type { DutyScheduler } from '../duty-scheduler.js';
import { SchedulerWatch } from '../observability/scheduler-watch.js';
import { ownPackage } from '../package-root.js';
import { apiRoutes } from './api-routes.js';
import { explainRoute } from './explain-route.js';
import { healthRoutes } from './health-routes.js';
import { metricsRoute } from './metrics-route.js';
import { pageRoutes } from './page-routes.js';
import { HttpRefusal } from './refusal.js';
import { requestGuard } from './request-guard.js';

/** Where {@link serveHttp} listens. */
export interface HttpAddress {
  /** A name or an address; brackets around IPv6 are left out. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

export interface HttpServerOptions extends HttpAddress {
  readonly scheduler: DutyScheduler;
  /** Name shown on the page. */
  readonly title: string;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
}

/** A server that is listening. */
export interface HttpServer {
  /** Base URL. */
  readonly url: string;
  /** Ends every connection and stops looking on. */
  close(): Promise<void>;
}

/** The address cannot be listened on; the message says why. */
export class HttpAddressError extends Error {
  override readonly name = 'HttpAddressError';
}

const LONGEST_REQUEST_MS = 10_000;
const IDLE_CONNECTION_MS = 30_000;
const MOST_CONNECTIONS = 128;
/** Nothing here takes a body. */
const BODY_LIMIT_BYTES = 1024;

const REASONS: Readonly<Record<string, (address: string) => string>> = {
  EADDRINUSE: (address) => `${address} is already in use`,
  EACCES: (address) => `no permission to listen on ${address}`,
  EADDRNOTAVAIL: (address) => `${address} is no address of this machine`,
  ENOTFOUND: (address) => `the host of ${address} is not known`,
  EAI_AGAIN: (address) => `the host of ${address} cannot be looked up`,
};

/**
 * Serves health, readiness, metrics and the page of a scheduler, started or not. It reads; no request changes anything.
 * Create it before the scheduler starts, so that no line is missed.
 *
 * @throws HttpAddressError when the address cannot be listened on
 */
export async function serveHttp(options: HttpServerOptions): Promise<HttpServer> {
  const { scheduler, host, port, title, clock = new RealClock() } = options;
  const watch = new SchedulerWatch(scheduler, clock);
  const app = createApp(host);
  const { folder, version } = ownPackage();
  const context = { watch, clock, title, version };
  pageRoutes(app, folder);
  healthRoutes(app, context);
  metricsRoute(app, context);
  apiRoutes(app, context);
  explainRoute(app, context);
  try {
    await app.listen({ host, port });
  } catch (error) {
    watch.close();
    await app.close();
    throw addressError(error, { host, port });
  }
  return {
    url: `http://${shown({ host, port: (app.server.address() as AddressInfo).port })}`,
    async close() {
      watch.close();
      await app.close();
    },
  };
}

function createApp(host: string): FastifyInstance {
  const app = Fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    forceCloseConnections: true,
    requestTimeout: LONGEST_REQUEST_MS,
    keepAliveTimeout: IDLE_CONNECTION_MS,
  });
  app.server.maxConnections = MOST_CONNECTIONS;
  // A connection that breaks, or speaks something else, concerns nobody.
  app.server.on('clientError', (_error, socket) => socket.destroy());
  app.addHook('onRequest', requestGuard(host));
  app.setErrorHandler<Error & { statusCode?: number }>(async (error, _request, reply) => {
    if (error instanceof HttpRefusal) return reply.code(error.statusCode).headers(error.headers).send(said(error));
    const status = error.statusCode ?? 500;
    return reply.code(status).send({ error: status < 500 ? error.message : 'this answer could not be made' });
  });
  app.setNotFoundHandler(async (_request, reply) => reply.code(404).send({ error: 'there is nothing here' }));
  return app;
}

function said({ message }: Error) {
  return { error: message };
}

function addressError(error: unknown, address: HttpAddress): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reason = REASONS[code];
  return reason === undefined ? error : new HttpAddressError(reason(shown(address)), { cause: error });
}

/** `host:port`, with brackets around IPv6. */
export function shown({ host, port }: HttpAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
