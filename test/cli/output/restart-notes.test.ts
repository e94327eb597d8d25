import { expect, test } from 'vitest';
import { SchedulerWatch } from '../../../src/observability/scheduler-watch.js';
import { noteRestartWindows, restartView } from '../../../src/cli/restart-notes.js';
import { createRig } from '../../support/rig.js';

const LAST_SLOT = 60;

async function notesOf(validators: number[]) {
  const rig = createRig({ validators, roles: ['attester'] });
  const said: { now: number; until: number; message: string }[] = [];
  const slotNow = () => rig.scheduler.snapshot()!.slot;
  const watch = new SchedulerWatch(rig.scheduler, rig.clock);
  expect(restartView(watch)).toBeUndefined();
  noteRestartWindows(watch, ({ message }) => {
    said.push({ now: slotNow(), until: Number(/until slot (\d+) /.exec(message)?.[1]), message });
  });
  await rig.start();
  await rig.runTo(LAST_SLOT);
  watch.close();
  await rig.stop();
  return { said, busy: new Set(rig.handedOver.map(({ slot }) => slot)) };
}

test('a restart is called safe until the next slot with duties, before it, once', async () => {
  const { said, busy } = await notesOf([3]);
  const ahead = said.filter(({ message, until }) => message.endsWith('duties are due then') && until < LAST_SLOT);
  expect(ahead.length).toBeGreaterThan(3);
  for (const { now, until } of ahead) {
    expect(busy).toContain(until);
    for (let slot = now; slot < until; slot++) expect(busy).not.toContain(slot);
  }
  expect(new Set(said.map(({ until }) => until)).size).toBe(said.length);
});

test('with duties in every slot no moment after genesis is called safe', async () => {
  const { said, busy } = await notesOf(Array.from({ length: 32 }, (_, index) => index));
  expect(busy.size).toBe(LAST_SLOT + 1);
  expect(said).toMatchObject([{ now: -1, until: 0 }]);
});
