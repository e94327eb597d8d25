import { afterEach, describe, expect, it } from 'vitest';
import { createServer } from 'node:net';
import { createDevnet, PortTakenError, type Devnet, type DevnetOptions } from '../../src/devnet/index.js';

const running: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const devnet of running.splice(0)) await devnet.stop();
});

interface ServedDevnet extends Devnet {
  readonly server: NonNullable<Devnet['server']>;
}

/** A served chain that only moves when the test proposes a block: genesis is far ahead. */
async function served(options: DevnetOptions = {}): Promise<ServedDevnet> {
  const devnet = createDevnet({
    genesisTimeMs: Math.ceil(Date.now() / 1000) * 1000 + 3_600_000,
    beaconPort: 0,
    ...options,
  });
  running.push(devnet);
  await devnet.start();
  const { server } = devnet;
  if (server === undefined) throw new Error('no server');
  return { ...devnet, server };
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !condition(); i += 1) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(condition()).toBe(true);
}

describe('the devnet over HTTP', () => {
  it('serves bodies, headers and errors, and logs requests', async () => {
    const { server, chain } = await served();
    const duties = await fetch(`${server.url}/eth/v1/validator/duties/attester/0`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '["0","1"]',
    });
    expect(duties.status).toBe(200);
    expect(duties.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(duties.headers.get('eth-consensus-dependent-root')).toBe(chain.genesis.root);
    expect(((await duties.json()) as { data: object[] }).data).toHaveLength(2);
    const health = await fetch(`${server.url}/eth/v1/node/health`);
    expect([health.status, await health.text()]).toEqual([200, '']);
    const nope = await fetch(`${server.url}//eth/v1/nope?x=1`);
    expect([nope.status, await nope.json()]).toEqual([
      404,
      { code: 404, message: 'Route GET://eth/v1/nope not found' },
    ]);
    expect(
      server.requests.map(({ method, path, bodyBytes, abandoned }) => [method, path, bodyBytes, abandoned]),
    ).toEqual([
      ['POST', '/eth/v1/validator/duties/attester/0', 9, false],
      ['GET', '/eth/v1/node/health', 0, false],
      ['GET', '//eth/v1/nope?x=1', 0, false],
    ]);
  });

  it('answers broken JSON with 400 in the form of the Beacon API', async () => {
    const { server } = await served();
    const answer = await fetch(`${server.url}/eth/v1/validator/duties/attester/0`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '["0"',
    });
    expect([answer.status, await answer.json()]).toMatchObject([400, { code: 400 }]);
  });

  it('takes large bodies and keeps subscriptions', async () => {
    const { server } = await served();
    const entries = Array.from({ length: 20_000 }, (_, i) => ({
      validator_index: String(i),
      committee_index: '1',
      committees_at_slot: '2',
      slot: '9',
      is_aggregator: true,
    }));
    const answer = await fetch(`${server.url}/eth/v1/validator/beacon_committee_subscriptions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(entries),
    });
    expect([answer.status, await answer.text()]).toEqual([200, '']);
    expect(server.beaconCommitteeSubscriptions.at(-1)).toEqual({
      validatorIndex: 19_999,
      committeeIndex: 1,
      committeesAtSlot: 2,
      slot: 9,
      isAggregator: true,
    });
    const sync = await fetch(`${server.url}/eth/v1/validator/sync_committee_subscriptions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '[{"validator_index":"3","sync_committee_indices":["1","7"],"until_epoch":"4"}]',
    });
    expect(sync.status).toBe(200);
    expect(server.syncCommitteeSubscriptions).toEqual([
      { validatorIndex: 3, syncCommitteeIndices: [1, 7], untilEpoch: 4 },
    ]);
  });

  it('is served at 127.0.0.1 only', async () => {
    const { server } = await served();
    expect((await fetch(`${server.url}/eth/v1/config/spec`)).status).toBe(200);
    // Every address of 127.0.0.0/8 is this machine's.
    await expect(fetch(server.url.replace('127.0.0.1', '127.0.0.2'))).rejects.toThrow();
  });

  it('says clearly that its port is taken', async () => {
    const occupant = createServer();
    await new Promise<void>((resolve) => occupant.listen(0, '127.0.0.1', resolve));
    const address = occupant.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      const devnet = createDevnet({ beaconPort: port });
      const failure: unknown = await devnet.start().catch((error: unknown) => error);
      await devnet.stop();
      expect(failure).toBeInstanceOf(PortTakenError);
      expect(String(failure)).toContain(`port ${port} on 127.0.0.1 is already in use`);
    } finally {
      occupant.close();
    }
  });

  it('drives the chain in real time', async () => {
    const devnet = await served({
      genesisTimeMs: Math.floor(Date.now() / 1000) * 1000,
      slotDurationMs: 100,
      scenario: { missedShare: 0, lateShare: 0 },
    });
    const slot = devnet.chain.head.slot;
    await until(() => devnet.chain.head.slot >= slot + 3);
    const answer = (await (await fetch(`${devnet.server.url}/eth/v1/node/syncing`)).json()) as {
      data: { head_slot: string; sync_distance: string };
    };
    expect(Number(answer.data.head_slot)).toBeGreaterThanOrEqual(slot + 3);
    expect(Number(answer.data.sync_distance)).toBeLessThan(3);
  });
});

describe('the event stream over HTTP', () => {
  it('shows no headers before the first event, then head and block in frames', async () => {
    const { server, chain } = await served();
    let opened = false;
    const opening = fetch(`${server.url}/eth/v1/events?topics=head,block`).then((response) => {
      opened = true;
      return response;
    });
    await until(() => server.streamCount === 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(opened).toBe(false);
    chain.propose(1);
    const response = await opening;
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const reader = response.body?.getReader();
    let text = '';
    while ((text.match(/\n\n/g) ?? []).length < 2) {
      const read = await reader?.read();
      text += new TextDecoder().decode(read?.value as Uint8Array | undefined);
    }
    expect(text).toMatch(/^event: head\ndata: \{"slot":"1",.*\}\n\nevent: block\ndata: \{"slot":"1",.*\}\n\n$/);
    await reader?.cancel();
    await until(() => server.streamCount === 0);
  });

  it('opens at once where asked to, and only sends the topics asked for', async () => {
    const { server, chain } = await served({ lazyEventHeaders: false });
    const response = await fetch(`${server.url}/eth/v1/events?topics=block`);
    chain.propose(1);
    const read = await response.body?.getReader().read();
    expect(new TextDecoder().decode(read?.value as Uint8Array | undefined)).toMatch(/^event: block\n/);
  });

  it('answers 400 to an unknown topic, for the whole request', async () => {
    const { server } = await served();
    const response = await fetch(`${server.url}/eth/v1/events?topics=head,nope`);
    expect([response.status, await response.json()]).toEqual([400, { code: 400, message: 'Invalid topic: nope' }]);
    expect(server.streamCount).toBe(0);
  });

  it('can be dropped, and can fall silent', async () => {
    const { server, chain } = await served({ lazyEventHeaders: false });
    const url = `${server.url}/eth/v1/events?topics=head`;
    const dropped = await fetch(url);
    server.dropStreams();
    await expect(dropped.text()).rejects.toThrow();
    const second = await fetch(url);
    server.silenceStreams();
    const third = await fetch(url);
    const heard: string[] = [];
    void second.body
      ?.getReader()
      .read()
      .then(
        () => heard.push('second'),
        () => undefined,
      );
    void third.body
      ?.getReader()
      .read()
      .then(
        () => heard.push('third'),
        () => undefined,
      );
    chain.propose(1);
    await until(() => heard.includes('third'));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(heard).toEqual(['third']);
  });
});

describe('faults over HTTP', () => {
  it('replace the answer as often as asked, then all is well', async () => {
    const { server } = await served();
    server.faults.set({
      match: /\/genesis$/g,
      times: 2,
      action: { status: 503, body: { code: 503, message: 'busy' } },
    });
    server.faults.set({ match: ({ path }) => path.endsWith('/spec'), action: { status: 200, body: '<html>' } });
    const statuses: number[] = [];
    for (let i = 0; i < 3; i += 1) statuses.push((await fetch(`${server.url}/eth/v1/beacon/genesis`)).status);
    expect(statuses).toEqual([503, 503, 200]);
    expect(await (await fetch(`${server.url}/eth/v1/config/spec`)).text()).toBe('<html>');
    server.faults.clear();
    expect(await (await fetch(`${server.url}/eth/v1/config/spec`)).text()).toContain('SLOTS_PER_EPOCH');
  });

  it('can be removed one by one', async () => {
    const { server } = await served();
    const remove = server.faults.set({ match: /genesis/, action: { status: 500 } });
    server.faults.set({ match: /version/, action: { status: 500 } });
    remove();
    expect((await fetch(`${server.url}/eth/v1/beacon/genesis`)).status).toBe(200);
    expect((await fetch(`${server.url}/eth/v1/node/version`)).status).toBe(500);
  });

  it('delay the answer', async () => {
    const { server } = await served();
    server.faults.set({ match: /genesis/, times: 1, action: { delayMs: 120 } });
    const start = performance.now();
    expect((await fetch(`${server.url}/eth/v1/beacon/genesis`)).status).toBe(200);
    expect(performance.now() - start).toBeGreaterThan(100);
  });

  it.each(['reset', 'truncate'] as const)('%s the connection', async (action) => {
    const { server } = await served();
    server.faults.set({ match: /spec/, times: 1, action });
    const read = fetch(`${server.url}/eth/v1/config/spec`).then((response) => response.text());
    await expect(read).rejects.toThrow();
    expect(server.requests[0]?.abandoned).toBe(false);
    expect((await fetch(`${server.url}/eth/v1/config/spec`)).status).toBe(200);
  });

  it('hang until the client gives up, which the log shows', async () => {
    const { server } = await served();
    server.faults.set({ match: /genesis/, action: 'hang' });
    const controller = new AbortController();
    const hanging = fetch(`${server.url}/eth/v1/beacon/genesis`, { signal: controller.signal }).catch(() => 'aborted');
    await until(() => server.requests.length === 1);
    expect(server.requests[0]?.abandoned).toBe(false);
    controller.abort();
    expect(await hanging).toBe('aborted');
    await until(() => server.requests[0]?.abandoned === true);
  });

  it('do not keep the server from closing at once', async () => {
    const { server, stop } = await served({ lazyEventHeaders: false });
    server.faults.set({ match: /genesis/, action: 'hang' });
    server.faults.set({ match: /version/, action: { delayMs: 60_000 } });
    const open = [
      fetch(`${server.url}/eth/v1/beacon/genesis`).catch(() => 'ended'),
      fetch(`${server.url}/eth/v1/node/version`).catch(() => 'ended'),
      fetch(`${server.url}/eth/v1/events?topics=head`).then((response) => response.text().catch(() => 'ended')),
    ];
    await until(() => server.requests.length === 3 && server.streamCount === 1);
    const start = performance.now();
    await stop();
    expect(performance.now() - start).toBeLessThan(500);
    expect(await Promise.all(open)).toEqual(['ended', 'ended', 'ended']);
  });
});
