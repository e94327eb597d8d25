import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FaultyProxy } from '../../chaos/faulty-proxy.js';
import type { NodeFault } from '../../chaos/fault-plan.js';

const BODY = JSON.stringify({ data: { slot: '12', root: `0x${'ab'.repeat(32)}`, filling: 'x'.repeat(200) } });
const HEAD =
  'event: head\ndata: {"slot":"7","previous_duty_dependent_root":"0xaa","current_duty_dependent_root":"0xbb"}\n\n';

let node: Server;
let streams: ServerResponse[];
let proxy: FaultyProxy;
beforeEach(async () => {
  streams = [];
  node = createServer((asked, reply) => {
    if (!asked.url!.startsWith('/eth/v1/events')) return void reply.end(BODY);
    reply.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    streams.push(reply);
  });
  await new Promise<void>((resolve) => node.listen(0, '127.0.0.1', resolve));
  const target = `http://127.0.0.1:${(node.address() as AddressInfo).port}`;
  proxy = new FaultyProxy({ target, random: () => 0, againMs: 0 });
  await proxy.start();
});
afterEach(async () => {
  await proxy.close();
  node.closeAllConnections();
  node.close();
});

const get = async () => {
  const response = await fetch(`${proxy.url}/eth/v1/node/syncing`, { signal: AbortSignal.timeout(300) });
  return `${response.status} ${await response.text()}`;
};

/** What comes of one head through a stream that was open before the fault. */
async function headThrough(fault: NodeFault | undefined): Promise<string> {
  const life = new AbortController();
  const response = await fetch(`${proxy.url}/eth/v1/events?topics=head`, { signal: life.signal });
  const end = fault && (await proxy.begin(fault));
  streams.at(-1)!.write(HEAD);
  let text = '';
  const reading = (async () => {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) text += chunk;
  })().catch(() => undefined);
  await delay(80);
  await end?.();
  life.abort();
  await reading;
  return text;
}

test('without a fault it passes everything on', async () => {
  expect(await get()).toBe(`200 ${BODY}`);
  expect(await headThrough(undefined)).toBe(HEAD);
});

test('down: connections are refused and open ones break, until it is started again at the same address', async () => {
  const { url } = proxy;
  const stream = await fetch(`${url}/eth/v1/events?topics=head`);
  const end = await proxy.begin('down');
  await expect(stream.text()).rejects.toThrow();
  await expect(get()).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
  const endOther = await proxy.begin('down');
  await end();
  await expect(get()).rejects.toThrow();
  await endOther();
  expect([proxy.url, await get()]).toEqual([url, `200 ${BODY}`]);
});

test('hang: nothing is answered, and a stream that was open is dead for good', async () => {
  const response = await fetch(`${proxy.url}/eth/v1/events?topics=head`);
  const reader = response.body!.getReader();
  const end = await proxy.begin('hang');
  await expect(get()).rejects.toMatchObject({ name: 'TimeoutError' });
  await end();
  expect(await get()).toBe(`200 ${BODY}`);
  streams.at(-1)!.write(HEAD);
  expect(await Promise.race([reader.read(), delay(80, 'silence')])).toBe('silence');
  await reader.cancel();
});

test('errors, wrong JSON and trickle spoil answers', async () => {
  const answers: string[] = [];
  for (const fault of ['errors', 'wrong-json'] as const) {
    const end = await proxy.begin(fault);
    answers.push(await get());
    await end();
  }
  expect(answers).toEqual(['500 {"code":500,"message":"Internal error"}', `200 ${BODY.slice(0, BODY.length / 2)}`]);
  const end = await proxy.begin('trickle');
  await expect(get()).rejects.toMatchObject({ name: 'TimeoutError' });
  await end();
  expect(await get()).toBe(`200 ${BODY}`);
});

test('heads are missing, doubled, swapped or spoilt', async () => {
  expect(await headThrough('heads-missing')).toBe('');
  expect(await headThrough('heads-doubled')).toBe(HEAD + HEAD);
  expect(await headThrough('roots-swapped')).toBe(
    'event: head\ndata: {"slot":"7","current_duty_dependent_root":"0xaa","previous_duty_dependent_root":"0xbb"}\n\n',
  );
  expect(await headThrough('wrong-json')).toBe('event: head\ndata: {"slot":\n\n');
});
