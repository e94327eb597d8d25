import type { IncomingHttpHeaders } from 'node:http';

/** Where the Stately inspector's own pages come from. */
export const INSPECTOR_ORIGINS: readonly string[] = ['https://stately.ai', 'https://www.stately.ai'];

/** Names that only this machine answers to: another one may have been made to point here (DNS rebinding). */
const OWN_NAMES = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/;

/**
 * Why a request to the relay is refused; undefined: it is not. A page of any other site may not read, whatever name it
 * found us under; programs on this machine, which send no Origin, may.
 */
export function refusalOf({ host, origin }: IncomingHttpHeaders): string | undefined {
  const own = host?.toLowerCase() ?? '';
  if (!OWN_NAMES.test(own)) return 'the relay answers to localhost only';
  if (origin === undefined || INSPECTOR_ORIGINS.includes(origin) || origin === `http://${own}`) return undefined;
  return 'pages of other sites are refused';
}
