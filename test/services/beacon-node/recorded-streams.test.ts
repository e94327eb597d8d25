/** The event streams that were recorded from real nodes, cut at odd places. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHttpBeaconNode } from '../../../services/beacon-node/http-beacon-node.js';
import { RealClock } from '../../../services/clock/real-clock.js';
import { recordedStream, SAMPLES_MISSING, samplesFolder } from '../../support/samples.js';
import { NodeServer, until } from './node-server.js';
import { RecordingListener } from './recording-listener.js';
import { NO_SIGNAL } from './rejection.js';

const found = samplesFolder();
const folder = found ?? '';

if (found === undefined) it.skip(SAMPLES_MISSING, () => undefined);

describe.skipIf(found === undefined)('recorded event streams', () => {
  let server: NodeServer;
  beforeAll(async () => {
    server = await new NodeServer().listen();
  });
  afterAll(async () => {
    await server.close();
  });

  it.each([
    ['minimal-deneb/sse-all-topics.raw.txt'],
    ['minimal-deneb/sse-head-block-reorg-finalized.timestamped.txt'],
    ['minimal-electra/sse-all.raw.txt'],
    ['mainnet-deneb/sse-head-block-reorg-finalized.timestamped.txt'],
    ['reorg/sse-a.txt'],
    ['reorg/sse-b.txt'],
  ])('%s', async (file) => {
    const text = recordedStream(join(folder, file));
    const expected = [...text.matchAll(/^event: head\ndata: (.*)$/gm)].map(
      ([, data]) => JSON.parse(data ?? '') as Record<string, unknown>,
    );
    expect(expected.length).toBeGreaterThan(1);
    const headers = {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache,no-transform',
      'x-no-compression': '1',
    };
    server.handle((_request, response) => {
      response.writeHead(200, headers);
      const bytes = Buffer.from(text);
      for (let i = 0; i < bytes.length; i += 997) response.write(bytes.subarray(i, i + 997));
      response.end();
    });
    const node = createHttpBeaconNode({ url: server.url, clock: new RealClock() });
    const listener = new RecordingListener();
    node.openHeadStream(listener, NO_SIGNAL);
    await until(() => listener.closes.length === 1, 'the stream is over');
    expect(listener.closes[0]?.kind).toBe('unreachable');
    expect(listener.malformedEvents).toEqual([]);
    expect(listener.heads).toEqual(
      expected.map((head) => ({
        slot: Number(head['slot']),
        block: head['block'],
        previousDutyDependentRoot: head['previous_duty_dependent_root'],
        currentDutyDependentRoot: head['current_duty_dependent_root'],
        epochTransition: head['epoch_transition'],
        executionOptimistic: head['execution_optimistic'],
      })),
    );
    await node.close();
  });
});
