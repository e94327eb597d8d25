/** A beacon node made of the server routes of @lodestar/api: its types write every answer, ours only fill them. */
import { routes } from '@lodestar/api';
import { registerRoutes, type BeaconApiMethods } from '@lodestar/api/beacon/server';
import { createChainForkConfig } from '@lodestar/config';
import fastify, { type FastifyInstance } from 'fastify';
import { parse } from 'node:querystring';

/** The methods a test gives answers to; a call of any other is an HTTP 500. */
export type PeerMethods = { readonly [N in keyof BeaconApiMethods]?: Partial<BeaconApiMethods[N]> };

const NAMESPACES = ['beacon', 'config', 'events', 'node', 'validator'] as const;

/** Serves the routes on a free port of loopback, with errors as the Beacon API writes them; the caller closes it. */
export async function startLodestarNode(methods: PeerMethods): Promise<{ app: FastifyInstance; url: string }> {
  const app = fastify({
    // As that node runs them: a query parameter given once may be a list, and text may be a number.
    ajv: { customOptions: { coerceTypes: 'array' } },
    routerOptions: { querystringParser: (text) => parse(text) },
    forceCloseConnections: true,
  });
  app.setErrorHandler<Error & { statusCode?: number }>((error, _request, reply) => {
    const code = error.statusCode ?? 500;
    void reply.code(code).send({ code, message: error.message });
  });
  const complete = Object.fromEntries(NAMESPACES.map((name) => [name, { ...methods[name] }]));
  // The routes look a method up when they are registered and call it when they are asked: a missing one is a 500.
  registerRoutes(app, createChainForkConfig({}), complete as unknown as BeaconApiMethods, [...NAMESPACES]);
  return { app, url: await app.listen({ host: '127.0.0.1', port: 0 }) };
}

/** 0x hex as bytes. */
export function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.slice(2), 'hex'));
}

export const { EventType } = routes.events;
export type PeerEvent = routes.events.BeaconEvent;
