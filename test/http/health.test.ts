import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Health } from '../../src/observability/readiness.js';
import type { Readiness } from '../../src/observability/reports.js';
import { createHttpRig, type HttpRig } from './http-rig.js';

const failing = ({ checks }: Readiness) => checks.filter(({ ok }) => !ok).map(({ check }) => check);

async function until<T>(look: () => Promise<T>, holds: (seen: T) => boolean): Promise<T> {
  for (const end = Date.now() + 15_000; ;) {
    const seen = await look();
    if (holds(seen)) return seen;
    if (Date.now() > end) throw new Error(`waited in vain; last: ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('health and readiness', () => {
  let rig: HttpRig;
  const readiness = async () => (await rig.get('/readyz')).json<Readiness>();
  beforeAll(async () => {
    rig = await createHttpRig({ devnet: { slotDurationMs: 500 } });
  });
  afterAll(() => rig.stop());

  test('before the start: alive, not ready, because the chain is not known', async () => {
    const health = await rig.get('/healthz');
    expect(health.status).toBe(200);
    expect(health.json<Health>()).toEqual({ healthy: true, slot: null, detail: 'waiting for the beacon node' });
    const ready = await rig.get('/readyz');
    expect(ready.status).toBe(503);
    expect(failing(ready.json())).toEqual(['chain-data']);
  });

  test('running: ready, with a reason for every check; then what is missing, as it goes missing', async () => {
    await rig.scheduler.start();
    const ready = await until(readiness, ({ ready }) => ready);
    expect(ready.checks.map(({ check }) => check)).toEqual([
      'chain-data',
      'node-synced',
      'events-flowing',
      'registry-synced',
      'tables-attester',
      'tables-proposer',
      'tables-sync-committee',
    ]);
    expect((await rig.get('/readyz')).status).toBe(200);
    expect((await rig.get('/healthz')).json<Health>()).toMatchObject({ healthy: true, detail: 'ticking' });

    rig.devnet.conditions.syncing = { isSyncing: true, syncDistance: 100 };
    const syncing = await until(readiness, (seen) => failing(seen).includes('node-synced'));
    expect(syncing.checks.find(({ check }) => check === 'node-synced')!.detail).toBe('node-syncing');
    rig.devnet.conditions.syncing = undefined;
    await until(readiness, ({ ready }) => ready);

    rig.server.silenceStreams();
    await until(readiness, (seen) => failing(seen).includes('events-flowing'));
    await until(readiness, ({ ready }) => ready);

    rig.server.faults.set({ match: /duties\/attester/, action: { status: 500, body: {} } });
    await until(readiness, (seen) => failing(seen).includes('tables-attester'));
  });

  test('a stopped scheduler is not healthy', async () => {
    await rig.scheduler.stop();
    const health = await rig.get('/healthz');
    expect(health.status).toBe(503);
    expect(health.json<Health>().detail).toBe('the scheduler has ended: stopped');
  });
});
