import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Explanation } from '../../services/explain/explanation.js';
import { createHttpRig, type HttpRig } from './http-rig.js';

const problem = ({ error }: { error: string }) => error;

describe('/api/explain', () => {
  let rig: HttpRig;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'explain-'));
    rig = await createHttpRig({
      devnet: { slotDurationMs: 500, validatorCount: 16 },
      scheduler: { dataDir: join(folder, 'data') },
    });
  });
  afterAll(async () => {
    await rig.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('before the start: 503', async () => {
    const reply = await rig.get('/api/explain?validator=1&slot=1');
    expect([reply.status, problem(reply.json())]).toEqual([503, expect.stringMatching(/has not started/)]);
  });

  test('says what explain() says, of a duty that was executed and of those that are none', async () => {
    await rig.scheduler.start();
    await rig.until(rig.nextAt(3), 450);
    const executed = rig.linesOf('duty-executed').find(({ role }) => role === 'attester')!;
    const { slot, validators } = executed;
    const validator = validators[0]!;
    const read = async () => {
      const reply = await rig.get(`/api/explain?validator=${validator}&slot=${slot}`);
      expect(reply.status).toBe(200);
      const direct = await rig.scheduler.explain({ slot, validator });
      const told = reply.json<Explanation>();
      return { told, direct: { ...JSON.parse(JSON.stringify(direct)), recorded: told.recorded } as Explanation };
    };
    // A line may be written between the two readings.
    let { told: explanation, direct } = await read();
    for (let again = 0; again < 5 && !isDeepStrictEqual(explanation, direct); again++)
      ({ told: explanation, direct } = await read());
    expect(explanation).toEqual(direct);
    const attester = explanation.duties.find(({ role }) => role === 'attester')!;
    expect(attester).toMatchObject({ verdict: 'executed', elsewhere: [] });
    expect(attester.steps.at(-1)).toMatchObject({ what: 'executed', offsetMs: executed.offsetMs });
  });

  test('with an epoch: the slot of the attester duty in it, or its first where none is known', async () => {
    const { slot, validators } = rig
      .linesOf('duty-executed')
      .find((line) => line.role === 'attester' && line.slot % 4 !== 0)!;
    const epoch = Math.floor(slot / 4);
    const ask = async (query: string) => (await rig.get(`/api/explain?${query}`)).json<Explanation>();
    expect(await ask(`validator=${validators[0]}&epoch=${epoch}`)).toMatchObject({ slot, epoch });
    const first = await ask(`validator=${validators[0]}&slot=${epoch * 4}`);
    expect(first.duties.find(({ role }) => role === 'attester')).toMatchObject({ verdict: 'none', elsewhere: [slot] });
    expect(await ask('validator=999&epoch=100000')).toMatchObject({ slot: 400_000, epoch: 100_000 });
  });

  test.each([
    ['', /^validator: expected a whole number/],
    ['validator=1', /^either slot or epoch/],
    ['validator=1&slot=1&epoch=1', /^either slot or epoch/],
    ['validator=x&slot=1', /^validator: expected a whole number/],
    ['validator=1&slot=-1', /^slot: expected a whole number/],
    ['validator=1&slot=1.5', /^slot: expected a whole number/],
    ['validator=1&slot=1&slot=2', /^slot: expected a whole number/],
    ['validator=1&slot=', /^slot: expected a whole number/],
    ['validator=1&epoch=1234567890123', /^epoch: expected a whole number of at most 12 digits/],
    ['validator=1&slot=1&x=1', /x/],
  ])('?%s is a clear 400', async (query, says) => {
    const reply = await rig.get(`/api/explain?${query}`);
    expect([reply.status, problem(reply.json())]).toEqual([400, expect.stringMatching(says)]);
  });

  test('the journal is read for so many at a time; afterwards it is read again', async () => {
    const explain = rig.scheduler.explain.bind(rig.scheduler);
    let underWay = 0;
    let most = 0;
    rig.scheduler.explain = async (asked) => {
      most = Math.max(most, ++underWay);
      return await explain(asked).finally(() => underWay--);
    };
    const asked = Array.from({ length: 12 }, () => rig.get('/api/explain?validator=1&slot=6'));
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    rig.scheduler.explain = explain;
    expect(new Set(statuses)).toEqual(new Set([200, 503]));
    expect(most).toBe(2);
    expect((await rig.get('/api/explain?validator=1&slot=6')).status).toBe(200);
  });

  test('of a table that failed without end the first and the last steps are told, and how many are left out', async () => {
    const { explain } = rig.scheduler;
    const step = { time: 0, offsetMs: 0, what: 'fetch-failed', text: 'it failed' } as const;
    const steps = Array.from({ length: 5000 }, (_, index) => ({ ...step, offsetMs: index }));
    const duty = { role: 'proposer', verdict: 'none', reason: 'duties-never-ready', text: '', elsewhere: [] } as const;
    rig.scheduler.explain = () =>
      Promise.resolve({ slot: 1, epoch: 0, validator: 1, recorded: undefined, duties: [{ ...duty, steps }], gaps: [] });
    const { duties, gaps } = (await rig.get('/api/explain?validator=1&slot=1')).json<Explanation>();
    rig.scheduler.explain = explain;
    expect(duties[0]!.steps.length).toBe(200);
    expect([duties[0]!.steps[0]!.offsetMs, duties[0]!.steps[199]!.offsetMs]).toEqual([0, 4999]);
    expect(gaps).toEqual(['proposer: 4800 steps in between are left out']);
  });

  test('a journal that is gone: 404 with the reason', async () => {
    await rename(join(folder, 'data'), join(folder, 'elsewhere'));
    const reply = await rig.get('/api/explain?validator=1&slot=6');
    await rename(join(folder, 'elsewhere'), join(folder, 'data'));
    expect([reply.status, problem(reply.json())]).toEqual([404, expect.stringMatching(/no such file/)]);
  });
});

test('without a data directory: 404 with the reason', async () => {
  const rig = await createHttpRig({ devnet: { slotDurationMs: 500, validatorCount: 16 } });
  await rig.scheduler.start();
  const reply = await rig.get('/api/explain?validator=1&slot=6');
  await rig.stop();
  expect([reply.status, problem(reply.json())]).toEqual([404, expect.stringMatching(/without a data directory/)]);
});
