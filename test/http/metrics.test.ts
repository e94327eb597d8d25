import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { reorg } from '../../src/devnet/index.js';
import type { NodeRequestSeen } from '../../src/index.js';
import { createHttpRig, type HttpRig } from './http-rig.js';
import { declaredNames, readSamples, total, type Sample } from './metric-samples.js';

const P = 'ssv_duty_scheduler_';
const ROOT = join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

/** Names in a PromQL expression that can be metrics of ours or of the process. */
function metricsIn(expression: string): string[] {
  return expression.replaceAll(/"[^"]*"/g, '').match(/\b(?:ssv_duty_scheduler|nodejs|process)_\w+/g) ?? [];
}

/** No two connections of an event stream are asked for in the same millisecond: it tells them apart. */
const sentAt = (seen: NodeRequestSeen) => seen.sentAt;

describe('metrics of a run', () => {
  let rig: HttpRig;
  let text = '';
  let samples: Sample[] = [];
  /** What the scheduler said of its event streams, and for how many the node was asked, until the metrics were read. */
  const streams: NodeRequestSeen[] = [];
  let streamsAsked = 0;

  beforeAll(async () => {
    rig = await createHttpRig({ devnet: { slotDurationMs: 500, validatorCount: 16 } });
    // One fetch fails, one executor rejects, and the node goes out of sync for two slots.
    rig.server.faults.set({ match: /duties\/sync/, times: 1, action: { status: 500, body: {} } });
    const stopNoting = rig.scheduler.on('node-request', (seen) => void (seen.isStream && streams.push(seen)));
    await rig.scheduler.start();
    await rig.until(rig.nextAt(1), 100);
    rig.devnet.conditions.syncing = { isSyncing: true, syncDistance: 100 };
    await rig.until(rig.slot() + 2, 100);
    rig.devnet.conditions.syncing = undefined;
    await rig.until(rig.nextAt(0), 100);
    reorg(rig.devnet.chain, { atSlot: rig.slot(), depth: 3 });
    await rig.until(rig.slot() + 2, 100);
    rig.server.dropStreams();
    await rig.until(rig.slot() + 4, 400);
    // Until nothing came between the two, and no stream that was asked for waits for its first event, which opens it.
    const asked = () => rig.server.requests.filter(({ path }) => path.startsWith('/eth/v1/events')).length;
    const said = () => `${rig.lines.length} ${streams.length} ${asked()}`;
    for (let counted = ''; counted !== said();) {
      do await setTimeout(20);
      while (new Set(streams.map(sentAt)).size !== asked());
      counted = said();
      text = (await rig.get('/metrics')).text;
    }
    streamsAsked = asked();
    stopNoting();
    samples = readSamples(text);
  }, 60_000);
  afterAll(() => rig.stop());

  test('counters agree with the event log', () => {
    const sums: Record<string, number> = {};
    const add = (key: string, count: number) => (sums[key] = (sums[key] ?? 0) + count);
    for (const line of rig.lines) {
      if (line.type === 'duty-due') add(`due ${line.role} ${line.trigger}`, line.validators.length);
      if (line.type === 'duty-executed') add(`met ${line.role}`, line.validators.length);
      if (line.type === 'duty-deferred') add(`deferred ${line.role} ${line.reason}`, line.validators.length);
      if (line.type === 'duty-skipped') add(`skipped ${line.role} ${line.reason}`, line.validators.length);
      if (line.type === 'duties-fetched') add(`fetched ${line.role} ${line.cause}`, 1);
      if (line.type === 'duties-fetch-failed') add(`fetch-failed ${line.role} ${line.cause}`, 1);
      if (line.type === 'duties-fetch-cancelled') add(`cancelled ${line.role} ${line.cause}`, 1);
      if (line.type === 'reorg') add('reorg', 1);
    }
    const counted: Record<string, number> = {};
    const keep = (key: string, value: number) => value > 0 && (counted[key] = (counted[key] ?? 0) + value);
    for (const { name, labels, value } of samples) {
      const { role = '', trigger = '', reason = '', cause = '', outcome = '' } = labels;
      if (name === `${P}duties_due_total`) keep(`due ${role} ${trigger}`, value);
      if (name === `${P}duties_met_total`) keep(`met ${role}`, value);
      if (name === `${P}duties_deferred_total`) keep(`deferred ${role} ${reason}`, value);
      if (name === `${P}duties_skipped_total`) keep(`skipped ${role} ${reason}`, value);
      if (name === `${P}fetches_total`)
        keep(`${outcome === 'failed' ? 'fetch-failed' : outcome} ${role} ${cause}`, value);
      if (name === `${P}reorgs_total`) keep('reorg', value);
    }
    expect(counted).toEqual(sums);
    expect(Object.keys(sums).some((key) => key.startsWith('deferred attester'))).toBe(true);
    expect(sums['fetch-failed sync-committee warm-up']).toBe(1);
    expect(sums['reorg']).toBeGreaterThan(0);
  });

  test('histograms hold one observation a batch', () => {
    const executed = rig.linesOf('duty-executed').filter(({ role }) => role === 'attester');
    const due = rig.linesOf('duty-due').filter(({ role }) => role === 'attester');
    expect(total(samples, `${P}duty_start_offset_seconds_count`, { role: 'attester' })).toBe(due.length);
    expect(total(samples, `${P}duty_done_offset_seconds_count`, { role: 'attester' })).toBe(executed.length);
    expect(total(samples, `${P}duty_execution_duration_seconds_count`, { role: 'attester' })).toBe(executed.length);
    const seconds = executed.reduce((sum, { offsetMs }) => sum + offsetMs / 1000, 0);
    expect(total(samples, `${P}duty_done_offset_seconds_sum`, { role: 'attester' })).toBeCloseTo(seconds, 6);
    expect(total(samples, `${P}head_arrival_offset_seconds_count`)).toBeGreaterThan(4);
    expect(total(samples, `${P}slot_tick_delay_seconds_count`)).toBeGreaterThan(4);
  });

  test('requests to the node are those that it saw, by endpoint and outcome', () => {
    const attester = `POST /eth/v1/validator/duties/attester/{number}`;
    const seen = rig.server.requests.filter(({ path }) => path.includes('/duties/attester/')).length;
    expect(total(samples, `${P}node_requests_total`, { endpoint: attester })).toBe(seen);
    const refused = { endpoint: `POST /eth/v1/validator/duties/sync/{number}`, outcome: '5xx' };
    const failures = rig.linesOf('duties-fetch-failed').filter(({ role }) => role === 'sync-committee').length;
    expect(total(samples, `${P}node_requests_total`, refused)).toBe(failures);
    const stream = { endpoint: 'GET /eth/v1/events' };
    // Each opens and ends, or ends unopened: on a busy machine one may be given up before its first event.
    const outcomes = [...new Set(streams.map(({ outcome }) => outcome))];
    for (const outcome of outcomes) {
      const told = streams.filter((seen) => seen.outcome === outcome).length;
      expect(total(samples, `${P}node_requests_total`, { ...stream, outcome }), outcome).toBe(told);
    }
    expect(total(samples, `${P}node_requests_total`, stream)).toBe(streams.length);
    const opened = streams.filter(({ outcome }) => outcome === '2xx').map(sentAt);
    const unopened = new Set(streams.map(sentAt).filter((at) => !opened.includes(at)));
    expect(opened.length).toBeGreaterThan(1);
    expect(opened.length + unopened.size).toBe(streamsAsked);
    expect(total(samples, `${P}node_request_duration_seconds_count`, stream)).toBe(0);
    expect(Math.abs(total(samples, `${P}node_clock_offset_seconds`))).toBeLessThan(1.1);
    expect(samples.some(({ labels }) => labels['endpoint']?.match(/\/\d+/))).toBe(false);
  });

  test('gauges say what the state is', () => {
    expect(total(samples, `${P}validators`, { status: 'active_ongoing' })).toBe(16);
    expect(total(samples, `${P}tables_ready`, { epoch: 'this' })).toBe(3);
    expect(total(samples, `${P}duties_planned`, { role: 'attester', epoch: 'this' })).toBe(16);
    expect(total(samples, `${P}ready`, { check: 'tables-attester' })).toBe(1);
    expect(total(samples, `${P}slot`)).toBe(rig.scheduler.snapshot()!.slot);
    expect(total(samples, 'nodejs_eventloop_lag_p99_seconds')).toBeGreaterThan(0);
  });

  test('validators have a label of their own while they are few', () => {
    const met = rig.linesOf('duty-executed').filter(({ validators }) => validators.includes(3)).length;
    expect(total(samples, `${P}validator_duties_total`, { validator: '3', outcome: 'met' })).toBe(met);
  });

  test('each metric that the dashboard, the alerts and the docs name is there', () => {
    const names = declaredNames(text);
    const dashboard = JSON.parse(read('observability/grafana-dashboard.json')) as {
      panels: { targets: { expr: string }[] }[];
    };
    const alerts = parse(read('observability/alerts.yml')) as {
      groups: { rules: { alert: string; expr: string }[] }[];
    };
    const rules = alerts.groups.flatMap((group) => group.rules);
    const expressions = [
      ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
      ...rules.map(({ expr }) => expr),
    ];
    const documented = [...read('docs/metrics.md').matchAll(/`(ssv_duty_scheduler_\w+)/g)].map(([, name]) => name!);
    expect(expressions.length).toBeGreaterThan(30);
    for (const expression of expressions) expect(metricsIn(expression), expression).not.toEqual([]);
    const named = new Set([...expressions.flatMap(metricsIn), ...documented]);
    expect([...named].filter((name) => !names.has(name))).toEqual([]);
    // And the other way round: what is counted is documented, and what alerts is explained.
    const ours = [...text.matchAll(/^# TYPE (ssv_duty_scheduler_\S+)/gm)].map(([, name]) => name!);
    expect(ours.filter((name) => !documented.includes(name))).toEqual([]);
    const operations = read('docs/operations.md');
    expect(rules.map(({ alert }) => alert).filter((alert) => !operations.includes(alert))).toEqual([]);
  });
});

test('above 64 validators no validator has a label', async () => {
  const rig = await createHttpRig({ devnet: { slotDurationMs: 500, validatorCount: 65 } });
  try {
    await rig.scheduler.start();
    await rig.until(rig.slot() + 2, 400);
    const samples = readSamples((await rig.get('/metrics')).text);
    expect(total(samples, `${P}duties_met_total`)).toBeGreaterThan(0);
    expect(samples.filter(({ labels }) => 'validator' in labels)).toEqual([]);
  } finally {
    await rig.stop();
  }
});
