import { describe, expect, it } from 'vitest';
import { assign, createActor, createMachine, fromCallback, fromTransition, setup } from 'xstate';
import { InspectionFeed, type Onlookers } from '../../src/inspector/inspection-feed.js';
import { InspectorError, loadInspectorPackage, type InspectorPackage } from '../../src/inspector/inspector-package.js';
import { MessageMaker } from '../../src/inspector/message-maker.js';
import { collectGarbage } from '../support/garbage.js';
import { createRig } from '../support/rig.js';

type Message = Readonly<Record<string, unknown>> & { readonly snapshot?: { readonly value?: unknown } };

/** Onlookers that come and go by a switch. */
class Watcher implements Onlookers {
  readonly heard: Message[] = [];
  missed = 0;
  constructor(public areThere: boolean) {}
  tell = (message: string) => void this.heard.push(JSON.parse(message) as Message);
  missSomething = () => void this.missed++;
}

async function feedFor(watcher: Watcher): Promise<InspectionFeed> {
  return new InspectionFeed(new MessageMaker(await loadInspectorPackage()), watcher);
}

const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe('the feed', () => {
  it('reads nothing, and prepares nothing, while nobody looks', async () => {
    const watcher = new Watcher(false);
    const feed = await feedFor(watcher);
    let reads = 0;
    const watched = {
      get context() {
        return ++reads;
      },
    };
    const actor = createActor(createMachine({ id: 'lamp', context: watched as never }), { inspect: feed.inspect });
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Immediate').length;
    actor.start().send({ type: 'FLIP' });
    expect(process.getActiveResourcesInfo().filter((name) => name === 'Immediate')).toHaveLength(before);
    await turn();
    expect(reads).toBe(0);
    expect(watcher.heard).toEqual([]);
  });

  it('makes no message in the turn that brought the event', async () => {
    const watcher = new Watcher(true);
    const feed = await feedFor(watcher);
    createActor(createMachine({ id: 'lamp' }), { id: 'lamp', inspect: feed.inspect }).start();
    expect(watcher.heard).toEqual([]);
    await turn();
    expect(watcher.heard.map(({ type }) => type)).toEqual(['@xstate.actor', '@xstate.event', '@xstate.snapshot']);
  });

  it('keeps no event alive that it has shown', async () => {
    const feed = await feedFor(new Watcher(true));
    const actor = createActor(createMachine({ id: 'lamp' }), { inspect: feed.inspect }).start();
    const flip = () => {
      const event = { type: 'FLIP' };
      actor.send(event);
      return new WeakRef(event);
    };
    const events = [flip(), flip(), flip()];
    // XState keeps the last one itself.
    actor.send({ type: 'OTHER' });
    await turn();
    await turn();
    collectGarbage();
    expect(events.map((event) => event.deref())).toEqual([undefined, undefined, undefined]);
  });

  it('tells a new actor as it begins, though it has ended when the message is made', async () => {
    const watcher = new Watcher(true);
    const feed = await feedFor(watcher);
    const lamp = createMachine({
      id: 'lamp',
      initial: 'on',
      states: { on: { on: { OFF: 'off' } }, off: { type: 'final' } },
    });
    createActor(lamp, { inspect: feed.inspect }).start().send({ type: 'OFF' });
    await turn();
    expect(watcher.heard.map(({ snapshot }) => snapshot)).toEqual([
      { status: 'active' },
      undefined,
      expect.objectContaining({ status: 'active', value: 'on' }),
      undefined,
      expect.objectContaining({ status: 'done', value: 'off' }),
    ]);
  });

  it('introduces every actor that is alive, parents first, and nobody who has ended', async () => {
    const watcher = new Watcher(false);
    const feed = await feedFor(watcher);
    const rig = createRig({ scheduler: { inspect: feed.inspect } });
    await rig.start();
    await rig.runTo(40, 300);
    const introduced: Message[] = [];
    await new Promise<void>((resolve) =>
      feed.introduce((message) => void introduced.push(JSON.parse(message) as Message), resolve),
    );
    const names = introduced.map(({ name }) => name);
    expect(names[0]).toBe('scheduler');
    expect(names).toEqual(expect.arrayContaining(['attester', 'proposer', 'sync-committee', 'beacon-node-1']));
    expect(names).toContain('attester/attester-8');
    expect(names).not.toContain('attester/attester-6');
    const sessions = introduced.map(({ sessionId }) => sessionId);
    for (const { parentId } of introduced.slice(1)) expect(sessions).toContain(parentId);
    expect(introduced.every(({ rootId }) => rootId === sessions[0])).toBe(true);

    await rig.stop();
    const left: string[] = [];
    await new Promise<void>((resolve) => feed.introduce((message) => void left.push(message), resolve));
    expect(left).toEqual([]);
  });

  it('drops what is more than can wait, and says that something is missing', async () => {
    const watcher = new Watcher(true);
    const feed = await feedFor(watcher);
    const counting = setup({ types: { context: {} as { n: number } } }).createMachine({
      id: 'counter',
      context: { n: 0 },
      on: { COUNT: { actions: assign({ n: ({ context }) => context.n + 1 }) } },
    });
    const actor = createActor(counting, { inspect: feed.inspect }).start();
    for (let n = 0; n < 20_000; n++) actor.send({ type: 'COUNT' });
    expect(watcher.missed).toBeGreaterThan(0);
    while (watcher.heard.length < 10_000) await turn();
    await turn();
    expect(watcher.heard).toHaveLength(10_000);
    actor.stop();
  });

  it('never throws at an actor', async () => {
    const watcher = new Watcher(true);
    const feed = await feedFor(watcher);
    const hostile = createMachine({
      id: 'hostile',
      context: { value: { get secret(): never { throw new Error('no'); } } } as never, // prettier-ignore
    });
    const actor = createActor(hostile, { inspect: feed.inspect }).start();
    createActor(
      fromCallback(() => undefined),
      { inspect: feed.inspect },
    ).start();
    await turn();
    expect(actor.getSnapshot().status).toBe('active');
    expect(watcher.heard).toContainEqual(
      expect.objectContaining({ snapshot: { status: 'active', value: {}, context: 'unreadable: no' } }),
    );
  });
});

it('shows actors of any kind and name, as the protocol says', async () => {
  const watcher = new Watcher(true);
  const feed = await feedFor(watcher);
  const odd = fromTransition((count: number) => count + 1, 7);
  const child = setup({ actors: { odd } }).createMachine({
    id: 'child',
    invoke: { src: 'odd', id: 'a "quoted" \\ name' },
  });
  const parent = setup({ actors: { child } }).createMachine({ id: 'parent', invoke: { src: 'child' } });
  createActor(parent, { id: 'root', inspect: feed.inspect }).start();
  await turn();
  const registered = watcher.heard.filter(({ type }) => type === '@xstate.actor');
  expect(registered.map(({ name }) => name)).toEqual(['root', 'child', 'child/a "quoted" \\ name']);
  expect(JSON.parse(registered[2]!['definition'] as string)).toEqual({ id: 'child/a "quoted" \\ name' });
  const shown = watcher.heard.filter(
    ({ type, sessionId }) => type === '@xstate.snapshot' && sessionId === registered[2]!['sessionId'],
  );
  expect(shown.map(({ snapshot }) => snapshot)).toEqual([{ status: 'active', context: 7 }]);
});

it('a package that is not installed is named, with what to do', async () => {
  const name = ['a', 'package', 'that', 'is', 'not', 'there'].join('-');
  const missing = () => import(name) as Promise<InspectorPackage>;
  const failure = await loadInspectorPackage(missing).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(InspectorError);
  expect((failure as Error).message).toBe(
    'the package @statelyai/inspect is not installed: npm install @statelyai/inspect@0.7',
  );
});
