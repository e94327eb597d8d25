import { describe, expect, it } from 'vitest';
import { readSpec } from '../../../services/beacon-node/chain-spec.js';
import { FAR_FUTURE, SPEC_DATA } from './wire-bodies.js';

const read = (data: Record<string, unknown>) => readSpec('GET /eth/v1/config/spec', data);

describe('readSpec', () => {
  it('fills in what may be missing', () => {
    const gloas = {
      attestation: 2500,
      aggregate: 5000,
      syncMessage: 2500,
      contribution: 5000,
      payloadAttestation: 7500,
    };
    const before = {
      attestation: 3333,
      aggregate: 6667,
      syncMessage: 3333,
      contribution: 6667,
      payloadAttestation: 7500,
    };
    expect(read(SPEC_DATA)).toEqual({
      slotDurationMs: 6000,
      slotsPerEpoch: 8,
      epochsPerSyncCommitteePeriod: 8,
      forkEpochs: { altair: Infinity, fulu: Infinity, gloas: Infinity },
      duePoints: before,
      duePointsGloas: gloas,
      depositChainId: undefined,
    });
  });

  it('reads each key into its own place', () => {
    const keys = [
      'ATTESTATION_DUE_BPS',
      'AGGREGATE_DUE_BPS',
      'SYNC_MESSAGE_DUE_BPS',
      'CONTRIBUTION_DUE_BPS',
      'ATTESTATION_DUE_BPS_GLOAS',
      'AGGREGATE_DUE_BPS_GLOAS',
      'SYNC_MESSAGE_DUE_BPS_GLOAS',
      'CONTRIBUTION_DUE_BPS_GLOAS',
      'PAYLOAD_ATTESTATION_DUE_BPS',
      'ALTAIR_FORK_EPOCH',
      'FULU_FORK_EPOCH',
      'GLOAS_FORK_EPOCH',
      'DEPOSIT_CHAIN_ID',
    ];
    const spec = read({ ...SPEC_DATA, ...Object.fromEntries(keys.map((key, i) => [key, String(i + 1)])) });
    expect(spec.duePoints).toEqual({
      attestation: 1,
      aggregate: 2,
      syncMessage: 3,
      contribution: 4,
      payloadAttestation: 9,
    });
    expect(spec.duePointsGloas).toEqual({
      attestation: 5,
      aggregate: 6,
      syncMessage: 7,
      contribution: 8,
      payloadAttestation: 9,
    });
    expect(spec.forkEpochs).toEqual({ altair: 10, fulu: 11, gloas: 12 });
    expect(spec.depositChainId).toBe(13);
  });

  it('takes the slot time in seconds only where the one in ms is missing', () => {
    const { SLOT_DURATION_MS: _, ...rest } = SPEC_DATA;
    expect(read({ ...rest, SECONDS_PER_SLOT: '12' }).slotDurationMs).toBe(12_000);
    expect(read({ ...SPEC_DATA, SECONDS_PER_SLOT: '2' }).slotDurationMs).toBe(6000);
    expect(read({ ...SPEC_DATA, SECONDS_PER_SLOT: 'junk' }).slotDurationMs).toBe(6000);
  });

  it('ignores foreign keys of any shape, and takes far future as never', () => {
    const foreign = { BLOB_SCHEDULE: [{ EPOCH: '1' }], NESTED: { a: { b: [null] } }, TERMINAL: FAR_FUTURE + '000' };
    expect(read({ ...SPEC_DATA, ...foreign, GLOAS_FORK_EPOCH: FAR_FUTURE }).forkEpochs.gloas).toBe(Infinity);
  });

  it.each(['SLOTS_PER_EPOCH', 'EPOCHS_PER_SYNC_COMMITTEE_PERIOD', 'SLOT_DURATION_MS'])(
    'fails without %s, and names it',
    (key) => {
      const data: Record<string, unknown> = { ...SPEC_DATA };
      delete data[key];
      expect(() => read(data)).toThrow(`GET /eth/v1/config/spec: data.${key}: missing`);
    },
  );

  it.each([
    ['SLOT_DURATION_MS', '0'],
    ['SLOT_DURATION_MS', '-12000'],
    ['SLOT_DURATION_MS', FAR_FUTURE],
    ['SLOT_DURATION_MS', '49'],
    ['SLOT_DURATION_MS', '3600001'],
    ['SLOTS_PER_EPOCH', '0'],
    ['SLOTS_PER_EPOCH', '65537'],
    ['EPOCHS_PER_SYNC_COMMITTEE_PERIOD', '65537'],
    ['SLOTS_PER_EPOCH', ['32']],
    ['EPOCHS_PER_SYNC_COMMITTEE_PERIOD', null],
    ['EPOCHS_PER_SYNC_COMMITTEE_PERIOD', '0'],
    ['ATTESTATION_DUE_BPS', '10001'],
    ['ALTAIR_FORK_EPOCH', 'soon'],
    ['DEPOSIT_CHAIN_ID', {}],
  ])('refuses %s = %j', (key, value) => {
    expect(() => read({ ...SPEC_DATA, [key]: value })).toThrow(`data.${key}: expected`);
  });

  it('takes nothing from a foreign prototype', () => {
    const data = JSON.parse('{"__proto__":{"SLOTS_PER_EPOCH":"8"},"SLOT_DURATION_MS":"6000"}') as Record<
      string,
      unknown
    >;
    const polluted = Object.assign(Object.create({ SLOTS_PER_EPOCH: '8' }) as object, { SLOT_DURATION_MS: '6000' });
    expect(() => read(data)).toThrow('SLOTS_PER_EPOCH: missing');
    expect(() => read(polluted as unknown as Record<string, unknown>)).toThrow('SLOTS_PER_EPOCH: missing');
  });
});
