import { beforeAll, describe, expect, it } from 'vitest';
import type { InspectionEvent } from 'xstate';
import { ClaimLedger } from '../../machines/rules/at-most-once.js';
import { contextText } from '../../src/inspector/context-texts.js';
import { inspectedActor } from '../../src/inspector/inspected-actor.js';
import { reorg } from '../../src/devnet/index.js';
import { createRig } from '../support/rig.js';
import { tableOf } from '../support/tables.js';

type Fields = Readonly<Record<string, unknown>>;

/** Of each machine's context: what a viewer is not shown. */
const NOT_SHOWN: Readonly<Record<string, readonly string[]>> = {
  scheduler: ['clock', 'random'],
  // What every actor is given alike is shown of the scheduler.
  'duty-role': [
    ...['chain', 'claims', 'clock', 'dataFetch', 'kinds', 'nodes', 'policy', 'random', 'recordFromSlot', 'registry'],
    ...['servesProposerV1', 'servesProposerV2'],
  ],
  'duty-execution': ['chain', 'claims', 'clock', 'dataFetch', 'id', 'random'],
  'table-fetch': ['chain', 'clock', 'random'],
  subscriptions: ['chain', 'clock', 'random'],
  'beacon-node': ['chain', 'clock', 'random'],
  // What they are about to tell is in the events that tell it.
  validators: ['chain', 'change', 'clock', 'lines', 'random'],
};

interface Shown {
  readonly context: Fields;
  readonly shown: Fields;
}

describe("the text of a machine's context", () => {
  /** By machine: every context of a run through a re-org, as it is and as it is shown. */
  const seen = new Map<string, Shown[]>();
  const shownOf = (id: string) => seen.get(id)!.map(({ shown }) => shown);

  beforeAll(async () => {
    const inspect = (event: InspectionEvent) => {
      if (event.type !== '@xstate.snapshot') return;
      const { context } = event.snapshot as unknown as { context?: Fields };
      const id = String(inspectedActor(event.actorRef).logic.id);
      const text = contextText(id, context);
      if (context === undefined || text === undefined) return;
      const pair = { context, shown: JSON.parse(text) as Fields };
      seen.set(id, [...(seen.get(id) ?? []), pair]);
    };
    const rig = createRig({ scheduler: { inspect } });
    await rig.start();
    await rig.runTo(34, 6000);
    reorg(rig.devnet.chain, { atSlot: 34, depth: 12 });
    await rig.runTo(40);
    await rig.stop();
  });

  it.each(Object.keys(NOT_SHOWN))('of %s shows every field that is not left out on purpose', (id) => {
    const contexts = seen.get(id)!.map(({ context }) => context);
    const defined = new Set(
      contexts.flatMap((context) => Object.keys(context).filter((name) => context[name] !== undefined)),
    );
    const shown = new Set(shownOf(id).flatMap(Object.keys));
    expect([...defined].filter((name) => !shown.has(name)).sort()).toEqual(NOT_SHOWN[id]);
    expect([...shown].filter((name) => contexts.every((context) => !(name in context)))).toEqual([]);
  });

  it('has the measure of tables, and says which are armed', () => {
    const tables = shownOf('duty-role').flatMap(({ plan }) => Object.values(plan as Record<string, Fields>));
    expect(tables).toContainEqual(
      expect.objectContaining({
        status: 'ready',
        completeFor: 32,
        table: expect.objectContaining({ role: 'attester', duties: 32 }) as unknown,
      }),
    );
    expect(tables).toContainEqual(
      expect.objectContaining({ fetch: expect.objectContaining({ mode: 'full', asked: 32 }) as unknown }),
    );
    expect(tables.some(({ armed }) => armed === true)).toBe(true);
  });

  it('has the armed table where that is an older one', () => {
    const { context } = seen.get('duty-role')!.find(({ shown }) => shown['role'] === 'attester')!;
    const [older, newer] = ['0x01', '0x02'].map((root) =>
      tableOf('attester', [{ validator: 3, slot: 17 }], { dependentRoot: root }),
    );
    const plan = new Map([[2, { status: 'stale', table: newer, armed: older }]]);
    const text = contextText('duty-role', { ...context, plan });
    expect(JSON.parse(text!)).toMatchObject({
      plan: { 2: { table: { dependentRoot: '0x02' }, armed: { dependentRoot: '0x01' } } },
    });
  });

  it('has the claims as they are now, though the ledger is the same', () => {
    const { context } = seen.get('scheduler')!.at(-1)!;
    const claims = new ClaimLedger();
    const shown = () => (JSON.parse(contextText('scheduler', { ...context, claims })!) as Fields)['claims'];
    expect(shown()).toEqual({ validators: 0, slots: 0 });
    claims.claim({ kind: 'attester', slot: 1, epoch: 0, validators: [1, 2] });
    expect(shown()).toEqual({ validators: 2, slots: 1 });
  });

  it('has the batches of a role, and the validators of a few duties', () => {
    const batches = shownOf('duty-role').flatMap(({ executions }) =>
      Object.values(executions as Record<string, Fields>),
    );
    expect(batches).toContainEqual({
      slot: 34,
      duties: 4,
      triggered: true,
      late: false,
      handedOver: true,
      olderOnTheWay: false,
    });
    const duties = shownOf('duty-execution').map((shown) => shown['duties']);
    expect(duties).toContainEqual([expect.any(Number)]);
    expect(duties).toContainEqual(expect.stringMatching(/^\d+ duties$/));
  });
});

it("another's machine is not taken for one of ours because of its name", () => {
  expect(contextText('scheduler', { jobs: 3 })).toBeUndefined();
  expect(contextText('lamp', { standings: [] })).toBeUndefined();
  expect(contextText('scheduler', 7)).toBeUndefined();
});
