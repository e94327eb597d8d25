import { hostname } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, createHttpRig, type HttpRig } from './http-rig.js';
import { HttpAddressError, serveHttp } from '../../src/http/http-server.js';

describe('who may read', () => {
  let rig: HttpRig;
  beforeAll(async () => {
    rig = await createHttpRig();
  });
  afterAll(() => rig.stop());

  const status = async (headers: Record<string, string>) => (await rig.get('/healthz', headers)).status;

  test.each(['127.0.0.1', 'localhost:8645', '[::1]:80', '192.0.2.7:9000', 'scheduler:8645', hostname()])(
    'called by the name %s',
    async (host) => expect(await status({ host })).toBe(200),
  );

  test.each(['evil.example', 'evil.example:8645', '127.0.0.1.evil.example', 'a@b', 'localhost.evil.example', '..'])(
    'not by the name %j, which a foreign DNS server may have pointed here',
    async (host) => {
      const reply = await rig.get('/healthz', { host });
      expect(reply.status).toBe(403);
      expect(reply.json<{ error: string }>().error).toMatch(/not known by that name/);
    },
  );

  test("another site's page cannot read, its own can", async () => {
    const host = new URL(rig.http.url).host;
    expect(await status({ host, origin: `http://${host}` })).toBe(200);
    for (const origin of ['http://evil.example', 'null', 'http://127.0.0.1:1', `http://${host}.evil.example`]) {
      expect(await status({ host, origin })).toBe(403);
    }
    expect(await status({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' })).toBe(403);
    expect(await status({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' })).toBe(200);
    expect(await status({ 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' })).toBe(200);
  });

  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])(
    '%s is refused: nothing changes anything',
    async (method) => {
      const reply = await rig.get('/healthz', {}, method);
      expect(reply.status).toBe(405);
      expect(reply.headers.allow).toBe('GET, HEAD');
    },
  );

  test('a query that is not known is a clear 400, an unknown path a 404, both JSON with the security headers', async () => {
    const bad = await rig.get('/healthz?deep=1');
    expect(bad.status).toBe(400);
    expect(bad.json<{ error: string }>().error).toContain('deep');
    const unknown = await rig.get('/nothing');
    expect(unknown.status).toBe(404);
    for (const { headers } of [bad, unknown]) {
      expect(headers['content-type']).toMatch(/^application\/json/);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'cross-origin-resource-policy': 'same-origin',
        'cache-control': 'no-store',
      });
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  test('the page may load from itself only, and nobody may frame it', async () => {
    const policy = String((await rig.get('/')).headers['content-security-policy']);
    for (const rule of ["default-src 'none'", "connect-src 'self'", "base-uri 'none'", "frame-ancestors 'none'"]) {
      expect(policy).toContain(rule);
    }
    expect(policy).toMatch(/script-src 'self' 'sha256-[\w+/]+=*';/);
    expect(policy).not.toContain('unsafe');
  });

  test('HEAD answers without a body', async () => {
    const reply = await rig.get('/healthz', {}, 'HEAD');
    expect([reply.status, reply.text]).toEqual([200, '']);
  });

  test('what is no HTTP, or a path that cannot be, does not disturb it', async () => {
    expect((await rig.get('/%ff%00')).status).toBeGreaterThanOrEqual(400);
    expect((await rig.get(`/${'x'.repeat(15_000)}`)).status).toBe(404);
    expect((await rig.get('/healthz')).status).toBe(200);
  });

  test('an address that is taken, or is not ours, is said plainly', async () => {
    const options = { scheduler: rig.scheduler, title: 'x' };
    const { hostname: host, port } = new URL(rig.http.url);
    const taken = serveHttp({ ...options, host, port: Number(port) });
    await expect(taken).rejects.toThrow(new HttpAddressError(`127.0.0.1:${port} is already in use`));
    const foreign = serveHttp({ ...options, host: '192.0.2.1', port: 0 });
    await expect(foreign).rejects.toThrow('192.0.2.1:0 is no address of this machine');
  });

  test('after it is closed nobody answers', async () => {
    const other = await serveHttp({ scheduler: rig.scheduler, title: 'x', host: '127.0.0.1', port: 0 });
    await other.close();
    await expect(ask(other.url, '/healthz')).rejects.toThrow('ECONNREFUSED');
  });
});
