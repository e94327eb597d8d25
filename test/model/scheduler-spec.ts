import { setup } from 'xstate';
import { ROLES } from '../../machines/rules/duties.js';

export const SCHEDULER_EVENTS = [
  ...ROLES.map((role) => `crash of ${role}` as const),
  ...ROLES.map((role) => `crash below ${role}` as const),
  'pause',
  'tick',
  'step of the clock',
  'head',
  'contradiction',
  'break of the stream',
  'unfit and fit',
  'others come and go',
] as const;
export type SchedulerModelEvent = { type: (typeof SCHEDULER_EVENTS)[number] };

const nothing = () => undefined;

/** The parent (DESIGN "a crashed role restarts alone"): a region per role, and nothing else that changes. */
export const schedulerSpec = setup({ types: { events: {} as SchedulerModelEvent } }).createMachine({
  type: 'parallel',
  on: {
    tick: { actions: nothing },
    'step of the clock': { actions: nothing },
    head: { actions: nothing },
    contradiction: { actions: nothing },
    'break of the stream': { actions: nothing },
    'unfit and fit': { actions: nothing },
    'others come and go': { actions: nothing },
  },
  states: Object.fromEntries(
    ROLES.map((role) => [
      role,
      {
        initial: 'running',
        states: {
          running: { on: { [`crash of ${role}`]: 'restarting', [`crash below ${role}`]: 'restarting' } },
          // By the next tick it is back too: the pause is a twentieth of a slot.
          restarting: { on: { pause: 'running', tick: 'running' } },
        },
      },
    ]),
  ),
});
