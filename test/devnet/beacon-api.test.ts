import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { answerRequest } from '../../src/devnet/beacon-api.js';
import { requestedTopics, streamEvents } from '../../src/devnet/beacon-api/event-answers.js';
import { Chain, healthyConditions, NodeView, reorg } from '../../src/devnet/index.js';
import { SAMPLES_MISSING, samplesFolder } from '../support/samples.js';
import { shapeOf, type Shape } from './shape.js';

const samples = samplesFolder();

function sampleText(...path: string[]): string {
  return readFileSync(join(samples ?? '', ...path), 'utf8');
}

function sampleJson(...path: string[]): unknown {
  return JSON.parse(sampleText(...path)) as unknown;
}

const GENESIS = 1_800_000_000_000;

/** A node whose head is at slot 22 of a chain with 8 slots per epoch, as that of the recorded node. */
function nodeAt(slot = 22) {
  const chain = new Chain({ genesisTimeMs: GENESIS, validatorCount: 32, epochsPerSyncCommitteePeriod: 8 });
  for (let block = 1; block <= slot; block += 1) chain.propose(block);
  const node = new NodeView(chain, healthyConditions(), () => GENESIS + slot * chain.parameters.slotDurationMs);
  const ask = (method: string, url: string, body?: unknown) => {
    const [path = '', query] = url.split('?');
    return answerRequest(node, { method, path, query: new URLSearchParams(query), body });
  };
  return { chain, node, ask };
}

const FIRST_EIGHT = ['0', '1', '2', '3', '4', '5', '6', '7'];
const ALL = Array.from({ length: 32 }, (_, i) => String(i));

/** Recorded file, request, body. */
const RECORDED: readonly [string, string, string, unknown?][] = [
  ['genesis', 'GET', '/eth/v1/beacon/genesis'],
  ['node-syncing', 'GET', '/eth/v1/node/syncing'],
  ['node-version', 'GET', '/eth/v1/node/version'],
  ['validators-head', 'GET', '/eth/v1/beacon/states/head/validators'],
  ['validators-filtered', 'GET', '/eth/v1/beacon/states/head/validators?id=0,1&status=active'],
  ['validators-post', 'POST', '/eth/v1/beacon/states/head/validators', { ids: ['0', '1'] }],
  ['attester-current', 'POST', '/eth/v1/validator/duties/attester/2', FIRST_EIGHT],
  ['attester-next', 'POST', '/eth/v1/validator/duties/attester/3', FIRST_EIGHT],
  ['attester-numbers', 'POST', '/eth/v1/validator/duties/attester/2', [0, 1]],
  ['proposer-current', 'GET', '/eth/v1/validator/duties/proposer/2'],
  ['proposer-current', 'GET', '/eth/v2/validator/duties/proposer/2'],
  ['proposer-next', 'GET', '/eth/v1/validator/duties/proposer/3'],
  ['sync-current', 'POST', '/eth/v1/validator/duties/sync/2', ALL],
  ['sync-next-period-minimal', 'POST', '/eth/v1/validator/duties/sync/8', ALL],
  ['attestation-data', 'GET', '/eth/v1/validator/attestation_data?slot=22&committee_index=0'],
  ['block-root', 'GET', '/eth/v1/beacon/blocks/head/root'],
  ['header-head', 'GET', '/eth/v1/beacon/headers/head'],
];

/** Recorded errors: status, and the very words where they name nothing of the recorded chain. */
const ERRORS: readonly [string, number, string, string, unknown?][] = [
  ['attester-empty', 400, 'POST', '/eth/v1/validator/duties/attester/2', []],
  ['attester-bad-body', 400, 'POST', '/eth/v1/validator/duties/attester/2', { indices: ['1'] }],
  ['attester-too-far', 400, 'POST', '/eth/v1/validator/duties/attester/4', ['1']],
  ['attester-unknown-index', 500, 'POST', '/eth/v1/validator/duties/attester/2', ['0', '999999']],
  ['proposer-too-far', 400, 'GET', '/eth/v1/validator/duties/proposer/4'],
  ['sync-next-period-mainnet', 500, 'POST', '/eth/v1/validator/duties/sync/16', ['1']],
  ['attestation-data-future', 500, 'GET', '/eth/v1/validator/attestation_data?slot=122&committee_index=0'],
  ['block-root-404', 404, 'GET', '/eth/v1/beacon/blocks/1022/root'],
  ['not-found', 404, 'GET', '/eth/v1/nope'],
];

const unless = samples === undefined ? ` (skipped: ${SAMPLES_MISSING})` : '';

describe.skipIf(samples === undefined)(`answers of the devnet have the recorded shape${unless}`, () => {
  it.each(RECORDED)('%s: %s %s', (name, method, url, body) => {
    const answer = nodeAt().ask(method, url, body);
    expect(answer.status).toBe(200);
    const shape = shapeOf(answer.body);
    expect(shape).toEqual(shapeOf(sampleJson('minimal-electra', `${name}.json`)));
    expect(JSON.stringify(shape)).not.toContain('[]');
  });

  it.each(ERRORS)('%s: %i', (name, status, method, url, body) => {
    const answer = nodeAt().ask(method, url, body);
    expect(answer).toMatchObject({ status, body: sampleJson('minimal-electra', `${name}.json`) });
  });

  it.each(['beacon_committee_subscriptions', 'sync_committee_subscriptions'])('%s: an empty body', (path) => {
    expect(sampleText('minimal-electra', 'bcs.json')).toBe('');
    expect(nodeAt().ask('POST', `/eth/v1/validator/${path}`, [])).toMatchObject({ status: 200, body: undefined });
  });

  it('config-spec: the same type for every key that both have', () => {
    const ours = shapeOf((nodeAt().ask('GET', '/eth/v1/config/spec').body as { data: unknown }).data);
    const recorded = ['minimal-electra', 'lodestar-api-1.48'].map(
      (folder) => shapeOf((sampleJson(folder, 'config-spec.json') as { data: unknown }).data) as Record<string, Shape>,
    );
    const known: Record<string, Shape> = { ...recorded[0], ...recorded[1], BLOB_SCHEDULE: [] };
    for (const [key, shape] of Object.entries(ours)) expect({ [key]: shape }).toEqual({ [key]: known[key] });
    expect(Object.keys(ours).length).toBeGreaterThan(40);
  });

  it('a stalled node: 503 for duties, 206 for its health', () => {
    const { node, ask } = nodeAt();
    node.conditions.syncing = { isSyncing: true, syncDistance: 15, headSlot: 0 };
    const refusal = sampleJson('minimal-syncing-503', 'attester-current.json');
    expect(ask('POST', '/eth/v1/validator/duties/attester/2', ['1'])).toMatchObject({ status: 503, body: refusal });
    expect(ask('GET', '/eth/v1/validator/duties/proposer/2')).toMatchObject({ status: 503, body: refusal });
    expect(ask('GET', '/eth/v1/node/health').status).toBe(206);
    expect(ask('GET', '/eth/v1/node/syncing').body).toEqual(sampleJson('minimal-syncing-503', 'node-syncing.json'));
  });

  it('events: head, block and chain_reorg as recorded', () => {
    const { chain, node } = nodeAt();
    const frames: string[] = [];
    streamEvents(node, requestedTopics(new URLSearchParams('topics=head,block,chain_reorg')), (f) => frames.push(f));
    chain.propose(23);
    reorg(chain, { atSlot: 24, depth: 2 });
    const recorded = sampleText('reorg', 'sse-b.txt');
    for (const topic of ['head', 'block', 'chain_reorg']) {
      const frame = frames.find((candidate) => candidate.startsWith(`event: ${topic}\n`));
      const data = new RegExp(`event: ${topic}\n[0-9.]+ data: (.*)`).exec(recorded)?.[1];
      expect(frame).toMatch(/^event: \w+\ndata: \{.*\}\n\n$/);
      expect(shapeOf(JSON.parse(frame?.split('\ndata: ')[1] ?? ''))).toEqual(shapeOf(JSON.parse(data ?? '')));
    }
  });
});

describe('the Beacon API of the devnet', () => {
  it('names head first, then block', () => {
    const { chain, node } = nodeAt();
    const frames: string[] = [];
    const stop = streamEvents(node, new Set(['head', 'block']), (frame) => frames.push(frame));
    chain.propose(23);
    stop();
    chain.propose(24);
    expect(frames.map((frame) => frame.split('\n')[0])).toEqual(['event: head', 'event: block']);
  });

  it('refuses a request with an unknown topic, or none', () => {
    expect(() => requestedTopics(new URLSearchParams('topics=head&topics=nope'))).toThrow('Invalid topic: nope');
    expect(() => requestedTopics(new URLSearchParams())).toThrow("required property 'topics'");
    expect([...requestedTopics(new URLSearchParams('topics=head&topics=block'))]).toEqual(['head', 'block']);
  });

  it('leaves unknown ids out and finds validators by pubkey, index and status', () => {
    const { chain, ask } = nodeAt();
    chain.addValidator({ activationEpoch: 20 });
    const indices = (url: string, method = 'GET', body?: unknown): string[] => {
      const { data } = ask(method, url, body).body as { data: { index: string }[] };
      return data.map(({ index }) => index);
    };
    const path = '/eth/v1/beacon/states/head/validators';
    const pubkey = chain.validators.at(7).pubkey;
    expect(indices(`${path}?id=3&id=999999&id=${pubkey}`)).toEqual(['3', '7']);
    expect(indices(path, 'POST', { ids: [pubkey, '5', `0x${'11'.repeat(48)}`] })).toEqual(['7', '5']);
    expect(indices(`${path}?status=pending_queued`)).toEqual(['32']);
    expect(indices(path, 'POST', { ids: ['1', '32'], statuses: ['pending'] })).toEqual(['32']);
    expect(ask('GET', `${path}?id=nonsense`).status).toBe(400);
  });

  it('leaves validators without a duty out of attester duties', () => {
    const { chain, ask } = nodeAt();
    chain.addValidator({ activationEpoch: 20 });
    const { data } = ask('POST', '/eth/v1/validator/duties/attester/2', ['32', '4']).body as { data: object[] };
    expect(data).toHaveLength(1);
    expect(data[0]).toMatchObject({ validator_index: '4', pubkey: chain.validators.at(4).pubkey });
  });

  it('names a far-future epoch as 2^64 - 1', () => {
    const { ask } = nodeAt();
    expect(JSON.stringify(ask('GET', '/eth/v1/config/spec').body)).toContain(
      '"GLOAS_FORK_EPOCH":"18446744073709551615"',
    );
    expect(JSON.stringify(ask('GET', '/eth/v1/beacon/states/head/validators?id=0').body)).toContain(
      '"exit_epoch":"18446744073709551615"',
    );
  });

  it('answers 404 for an unknown genesis and where v2 is not served', () => {
    const { node, ask } = nodeAt();
    node.conditions.genesisKnown = false;
    node.conditions.servesProposerV2 = false;
    expect(ask('GET', '/eth/v1/beacon/genesis')).toMatchObject({ status: 404, body: { code: 404 } });
    expect(ask('GET', '/eth/v2/validator/duties/proposer/2')).toMatchObject({ status: 404, body: { code: 404 } });
    expect(ask('GET', '/eth/v1/validator/duties/proposer/2').status).toBe(200);
  });

  it('answers attester duties of epoch 0 only, before genesis, and proposers of epoch 1 too', () => {
    const { node, ask } = nodeAt(0);
    const before = new NodeView(node.chain, node.conditions, () => GENESIS - 6 * 2000);
    const request = (method: string, path: string, body?: unknown) =>
      answerRequest(before, { method, path, query: new URLSearchParams(), body }).status;
    expect(request('POST', '/eth/v1/validator/duties/attester/0', ['1'])).toBe(200);
    expect(request('POST', '/eth/v1/validator/duties/attester/1', ['1'])).toBe(400);
    expect(request('GET', '/eth/v1/validator/duties/proposer/1')).toBe(200);
    expect(request('GET', '/eth/v1/validator/duties/proposer/2')).toBe(400);
    expect(ask('POST', '/eth/v1/validator/duties/attester/1', ['1']).status).toBe(200);
  });

  it('votes for the head, the first block of the epoch and a justified epoch', () => {
    const { chain, ask } = nodeAt();
    expect(ask('GET', '/eth/v1/validator/attestation_data?slot=21').body).toEqual({
      data: {
        slot: '21',
        index: '0',
        beacon_block_root: chain.blockAt(21)?.root,
        source: { epoch: '0', root: `0x${'0'.repeat(64)}` },
        target: { epoch: '2', root: chain.blockAt(16)?.root },
      },
    });
  });

  it.each([
    ['GET', '/eth/v1/validator/duties/proposer/-1'],
    ['GET', '/eth/v1/validator/duties/proposer/two'],
    ['GET', '/eth/v1/validator/attestation_data'],
    ['POST', '/eth/v1/validator/duties/attester/2', ['x']],
    ['POST', '/eth/v1/validator/duties/attester/2', [null]],
    ['POST', '/eth/v1/validator/duties/sync/2', 'text'],
    ['POST', '/eth/v1/validator/beacon_committee_subscriptions', [{ slot: '1' }]],
    ['POST', '/eth/v1/validator/sync_committee_subscriptions', undefined],
  ])('answers 400 to nonsense: %s %s %j', (method, url, body?: unknown) => {
    expect(nodeAt().ask(method, url, body)).toMatchObject({ status: 400, body: { code: 400 } });
  });
});
