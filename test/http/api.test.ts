import { get } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MachinesReport, NowReport, TimelineReport } from '../../src/observability/reports.js';
import { createHttpRig, type HttpRig } from './http-rig.js';

/** Reads a stream of server-sent events until it has so many, then breaks it off. */
function eventsOf(url: string, enough: (seen: { event: string; data: unknown }[]) => boolean) {
  return new Promise<{ event: string; data: unknown }[]>((resolve, reject) => {
    const seen: { event: string; data: unknown }[] = [];
    let text = '';
    const request = get(url, { agent: false }, (response) => {
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
        const frames = text.split('\n\n');
        text = frames.pop()!;
        for (const frame of frames) {
          const match = /^event: (.*)\ndata: (.*)$/.exec(frame);
          if (match !== null) seen.push({ event: match[1]!, data: JSON.parse(match[2]!) as unknown });
        }
        if (!enough(seen)) return;
        request.destroy();
        resolve(seen);
      });
    });
    request.on('error', reject);
  });
}

describe('the API', () => {
  let rig: HttpRig;
  beforeAll(async () => {
    rig = await createHttpRig({ devnet: { slotDurationMs: 500, validatorCount: 16 } });
  });
  afterAll(() => rig.stop());

  test('before the start: what is known, and 503 for the rest', async () => {
    const now = (await rig.get('/api/now')).json<NowReport>();
    expect(now).toMatchObject({ title: 'test', chain: null, duties: [], readiness: { ready: false }, restart: null });
    for (const path of ['/api/timeline', '/api/machines', '/api/machines/charts', '/api/machines/events']) {
      const reply = await rig.get(path);
      expect([path, reply.status]).toEqual([path, 503]);
      expect(reply.json<{ error: string }>().error).toMatch(/has not started/);
    }
  });

  test('running: totals are those of the event log, the slot is the current one', async () => {
    await rig.scheduler.start();
    await rig.until(rig.nextAt(2), 300);
    const counted = rig.lines.length;
    const now = (await rig.get('/api/now')).json<NowReport>();
    expect(now.chain).toMatchObject({ slotDurationMs: 500, slotsPerEpoch: 4, slot: rig.slot() });
    const lines = rig.lines.slice(0, counted);
    for (const { kind, met } of now.totals) {
      const executed = lines.flatMap((line) =>
        line.type === 'duty-executed' && line.role === kind ? line.validators : [],
      );
      expect([kind, met]).toEqual([kind, executed.length]);
    }
    expect(now.validators).toEqual({ active_ongoing: 16 });
    expect(now.nodes).toEqual([{ url: rig.devnet.server!.url, status: 'connected', unfit: null, leads: true }]);
    expect(now.upcoming.length).toBe(4);
    expect(now.restart!.until).toBeGreaterThan(now.time - 1000);
  });

  test('the timeline has a mark for each kind and slot, with what the log says became of it', async () => {
    const { marks, from, to, heads, fetches } = (await rig.get('/api/timeline?epochs=2')).json<TimelineReport>();
    expect((to - from + 1) % 4).toBe(0);
    const done = marks.filter(({ state }) => state === 'met' || state === 'late');
    expect(done.length).toBeGreaterThan(4);
    for (const { kind, slot, met, doneOffsetMs } of done) {
      const executed = rig.linesOf('duty-executed').filter((line) => line.role === kind && line.slot === slot);
      expect(met).toBe(executed.flatMap(({ validators }) => validators).length);
      expect(doneOffsetMs).toBe(executed.at(-1)!.offsetMs);
    }
    expect(marks.some(({ state, slot }) => state === 'planned' && slot > rig.slot())).toBe(true);
    expect(heads.length).toBeGreaterThan(1);
    expect(fetches.filter(({ outcome }) => outcome === 'fetched').length).toBe(rig.linesOf('duties-fetched').length);
  });

  test.each([
    ['/api/timeline?epochs=9', /epochs: expected a whole number from 0 to 2/],
    ['/api/timeline?epochs=1&epochs=2', /epochs: /],
    ['/api/timeline?epochs=-1', /epochs: /],
    ['/api/timeline?from=1', /from/],
    ['/api/now?x=1', /x/],
    ['/api/events?x=1', /x/],
    ['/api/machines/charts?x=%00', /x/],
  ])('%s is a clear 400', async (path, says) => {
    const reply = await rig.get(path);
    expect(reply.status).toBe(400);
    expect(reply.json<{ error: string }>().error).toMatch(says);
  });

  test('the actors with their active states', async () => {
    const { actors, total } = (await rig.get('/api/machines')).json<MachinesReport>();
    expect(total).toBe(actors.length);
    expect(actors[0]).toMatchObject({ name: 'scheduler', parent: null, chart: 'scheduler' });
    const attester = actors.find(({ name }) => name === 'attester')!;
    expect(attester).toMatchObject({ chart: 'duty-role', parent: actors[0]!.id });
    expect(attester.states).toContain('schedule.scheduled');
    expect(actors.find(({ name }) => name === 'beacon-node-1')!.states).toContain('stream.streaming.listening');
  });

  test('events: lines as they are written, ticks and heads', async () => {
    const seen = await eventsOf(`${rig.http.url}/api/events`, (events) =>
      ['line', 'tick', 'head'].every((type) => events.some(({ event }) => event === type)),
    );
    const lines = seen.filter(({ event }) => event === 'line').map(({ data }) => (data as { line: unknown }).line);
    expect(rig.lines).toEqual(expect.arrayContaining(lines));
  });

  test('steps of the actors are told while somebody looks, and nobody looks on afterwards', async () => {
    const steps = await eventsOf(`${rig.http.url}/api/machines/events`, (events) => events.length >= 20);
    expect(steps.map(({ data }) => (data as { step: string }).step)).toContain('moved');
    const { actor } = rig.scheduler;
    let observed = 0;
    const inspect = actor!.system.inspect.bind(actor!.system);
    actor!.system.inspect = (observer) => {
      observed += 1;
      const subscription = inspect(observer);
      return { unsubscribe: () => ((observed -= 1), subscription.unsubscribe()) };
    };
    await eventsOf(`${rig.http.url}/api/machines/events`, (events) => events.length >= 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(observed).toBe(0);
  });

  test('so many viewers and no more', async () => {
    const streams = await Promise.all(
      Array.from(
        { length: 24 },
        () =>
          new Promise<() => void>((resolve) => {
            const request = get(`${rig.http.url}/api/events`, { agent: false }, () => resolve(() => request.destroy()));
            request.on('error', () => undefined);
          }),
      ),
    );
    expect((await rig.get('/api/events')).status).toBe(503);
    for (const close of streams) close();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await eventsOf(`${rig.http.url}/api/events`, (events) => events.length >= 1);
  });
});
