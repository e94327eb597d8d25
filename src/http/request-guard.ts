/** Who may read: no other site's page, and nobody who changes anything. */
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type { FastifyRequest, onRequestHookHandler } from 'fastify';
import { HttpRefusal } from './refusal.js';

/** Said with every answer: what a page from here may do, and that nobody may frame, sniff or embed it. */
const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=()',
  'cache-control': 'no-store',
};

/**
 * Refuses what could be another site's page in a browser: a name that a foreign DNS server may have pointed here (DNS
 * rebinding), a foreign `Origin`, a cross-site request that is no navigation. And every method but GET and HEAD.
 *
 * @param boundHost the host that was bound, which may be a name
 */
export function requestGuard(boundHost: string): onRequestHookHandler {
  const ownNames = new Set([boundHost.toLowerCase(), hostname().toLowerCase()]);
  return (request, reply, done) => {
    reply.headers(SECURITY_HEADERS);
    done(refusalOf(request, ownNames));
  };
}

function refusalOf({ method, headers }: FastifyRequest, ownNames: ReadonlySet<string>): HttpRefusal | undefined {
  if (method !== 'GET' && method !== 'HEAD') {
    return new HttpRefusal(405, `${method} is not allowed: nothing here changes anything`, { allow: 'GET, HEAD' });
  }
  const host = nameOf(headers.host ?? '');
  if (host === undefined || !isTrusted(host, ownNames)) {
    return new HttpRefusal(403, 'this server is not known by that name; use its address, or the name it was bound to');
  }
  const { origin } = headers;
  if (origin !== undefined && originHost(origin) !== headers.host?.toLowerCase()) {
    return new HttpRefusal(403, 'requests from pages of another origin are refused');
  }
  const site = headers['sec-fetch-site'];
  const isForeign = site === 'cross-site' || site === 'same-site';
  if (isForeign && headers['sec-fetch-mode'] !== 'navigate') {
    return new HttpRefusal(403, 'requests from pages of another site are refused');
  }
  return undefined;
}

/**
 * Addresses, `localhost`, the machine's own name, and names without a dot (a service of a compose file): none of them
 * can be a foreign site's.
 */
function isTrusted(name: string, ownNames: ReadonlySet<string>): boolean {
  if (isIP(name) !== 0 || ownNames.has(name)) return true;
  return name.endsWith('.localhost') || /^[a-z0-9_-]+$/.test(name);
}

/** Host of a `Host` header without its port, in lower case; undefined where it cannot be one. */
function nameOf(host: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/.exec(host.toLowerCase());
  return match?.[1] ?? match?.[2];
}

function originHost(origin: string): string | undefined {
  try {
    return new URL(origin).host;
  } catch {
    return undefined;
  }
}
