import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { readQuery } from './query.js';

const NO_QUERY = z.strictObject({});
const SCRIPT = 'text/javascript; charset=utf-8';

/** A file of the page, in memory. */
interface PageFile {
  readonly type: string;
  readonly content: Buffer;
}

/**
 * The page: its document and styles as they are in the package, its scripts as they were compiled, and the one library
 * that they use. Each is read once. Its policy allows nothing from elsewhere, and no script but these.
 *
 * @param packageFolder where the package lies
 */
export function pageRoutes(app: FastifyInstance, packageFolder: string): void {
  const page = readFileSync(join(packageFolder, 'src/page/index.html'));
  const files = new Map<string, PageFile>([
    ['/', { type: 'text/html; charset=utf-8', content: page }],
    [
      '/style.css',
      { type: 'text/css; charset=utf-8', content: readFileSync(join(packageFolder, 'src/page/style.css')) },
    ],
    ['/lib/preact.js', { type: SCRIPT, content: readFileSync(createRequire(import.meta.url).resolve('preact')) }],
  ]);
  const compiled = join(import.meta.dirname, '../page');
  const scripts = existsSync(compiled) ? readdirSync(compiled).filter((name) => name.endsWith('.js')) : [];
  for (const name of scripts) {
    files.set(`/page/${name}`, { type: SCRIPT, content: readFileSync(join(compiled, name)) });
  }
  const policy = policyFor(page.toString());
  for (const [path, { type, content }] of files) {
    app.get(path, async (request, reply) => {
      readQuery(request, NO_QUERY);
      return reply.headers({ 'content-security-policy': policy }).type(type).send(content);
    });
  }
}

/** The document's import map is its only inline script, and is named by its hash. */
function policyFor(html: string): string {
  const inline = /<script type="importmap">([\s\S]*?)<\/script>/.exec(html)?.[1] ?? '';
  const hash = createHash('sha256').update(inline).digest('base64');
  return [
    "default-src 'none'",
    `script-src 'self' 'sha256-${hash}'`,
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
