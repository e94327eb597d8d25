/** Those who look on: browsers, programs that send to the relay, and names under which they found us. */
import { EventEmitter } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import { HttpRefusal } from '../../../src/http/refusal.js';
import { requestGuard } from '../../../src/http/request-guard.js';
import { RelayGuests } from '../../../src/inspector/relay-guests.js';
import { INSPECTOR_ORIGINS, refusalOf } from '../../../src/inspector/request-check.js';
import { mustHold, type FuzzTarget } from '../fuzz-target.js';

const BOUND = 'scheduler.example';
const ACTOR = {
  type: '@xstate.actor',
  name: 'root',
  sessionId: 'x:0',
  rootId: 'x:0',
  definition: '{"id":"root"}',
  createdAt: '1700000000000',
  id: 'e1',
  _version: '0.4.0',
};
const SNAPSHOT = { ...ACTOR, type: '@xstate.snapshot', snapshot: { status: 'active', value: { a: 'b' }, context: {} } };

/** A socket as the relay uses it. */
class GuestSocket extends EventEmitter {
  isOpen = true;
  close(): void {
    this.isOpen = false;
  }
  terminate(): void {
    this.isOpen = false;
    this.emit('close');
  }
}

/** What a program sends to the inspector's relay: it is passed on under another name, or its connection ends. */
export const VIEWER_MESSAGES: FuzzTarget = {
  name: 'viewer-messages',
  samples: () => [
    JSON.stringify(ACTOR),
    JSON.stringify(SNAPSHOT),
    JSON.stringify({ ...ACTOR, type: '@xstate.event', event: { type: 'TICK' }, sourceId: 'x:1' }),
    JSON.stringify({ ...SNAPSHOT, snapshot: { status: 'done' } }),
  ],
  open() {
    let told: string[] = [];
    const guests = new RelayGuests({
      tell: (message) => told.push(message),
      onSource: () => undefined,
      allowance: { atOnce: Infinity, perSecond: Infinity },
    });
    const feed = (input: Buffer) => {
      told = [];
      const socket = new GuestSocket();
      guests.listenTo(socket as unknown as WebSocket, true);
      socket.emit('message', input, false);
      for (const message of told) {
        const { sessionId } = JSON.parse(message) as { sessionId: string };
        mustHold(/^guest-\d+\//.test(sessionId), () => `a guest calls itself ${sessionId}`);
      }
      mustHold(socket.isOpen === told.length > 0, () => 'it is neither passed on nor turned away');
      const isTaken = socket.isOpen;
      socket.terminate();
      return isTaken ? 1 : undefined;
    };
    return Promise.resolve({ feed });
  },
};

/** The headers that say under which name, and from which page, somebody came; one of our own servers after the other. */
export const HOST_AND_ORIGIN: FuzzTarget = {
  name: 'host-and-origin',
  samples: () =>
    [
      ['127.0.0.1:8645', 'http://127.0.0.1:8645'],
      ['localhost:8645', ''],
      ['[::1]:8645', 'http://[::1]:8645'],
      [`${BOUND}:8645`, 'null'],
      ['evil.example', 'http://evil.example'],
      ['127.0.0.1.evil.example:8645', 'https://stately.ai'],
      ['localhost:8080', 'https://stately.ai.evil.example'],
    ].map((headers) => headers.join('\n')),
  open() {
    const guard = requestGuard(BOUND);
    const feed = (input: Buffer) => {
      const [host = '', given = ''] = input.toString('latin1').split('\n', 2);
      const origin = given === '' ? undefined : given;
      const headers: IncomingHttpHeaders = { host, ...(origin !== undefined && { origin }) };
      const isServed = servedBy(guard, headers);
      const isRelayed = refusalOf(headers) === undefined;
      if (isServed) {
        mustHold(isOwnName(host), () => `the page answers to the name ${JSON.stringify(host)}`);
        mustHold(origin === undefined || hostOf(origin) === host.toLowerCase(), () => `it lets in ${origin}`);
      }
      if (isRelayed) {
        const name = nameOf(host);
        mustHold(
          ['localhost', '127.0.0.1', '::1'].includes(name),
          () => `the relay answers to ${JSON.stringify(host)}`,
        );
        const isKnown = origin === undefined || INSPECTOR_ORIGINS.includes(origin);
        mustHold(isKnown || origin === `http://${host.toLowerCase()}`, () => `the relay lets in ${origin}`);
      }
      return isServed || isRelayed ? 1 : undefined;
    };
    return Promise.resolve({ feed });
  },
};

function servedBy(guard: ReturnType<typeof requestGuard>, headers: IncomingHttpHeaders): boolean {
  let refusal: Error | undefined;
  const request = { method: 'GET', headers } as FastifyRequest;
  const reply = { headers: () => undefined } as unknown as FastifyReply;
  // The guard is a plain function of request and reply; of the application it wants nothing.
  (guard as (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void)(
    request,
    reply,
    (error) => (refusal = error),
  );
  mustHold(refusal === undefined || refusal instanceof HttpRefusal, () => String(refusal));
  return refusal === undefined;
}

/** Without the port and without brackets. */
function nameOf(host: string): string {
  return host
    .toLowerCase()
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '');
}

/** Names that no foreign DNS server can have pointed here. */
function isOwnName(host: string): boolean {
  const name = nameOf(host);
  return isIP(name) !== 0 || !name.includes('.') || name.endsWith('.localhost') || name === BOUND;
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
