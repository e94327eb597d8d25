import { expect } from 'vitest';
import { tableFetchMachine } from '../../machines/table-fetch.machine.js';
import { testEveryTransition } from './chart-coverage.js';
import { playPaths } from './play-paths.js';
import { TableFetchRehearsal } from './table-fetch-rehearsal.js';
import { TABLE_FETCH_EVENTS, tableFetchSpec } from './table-fetch-spec.js';
import { TakenTransitions } from './taken-transitions.js';

/** What the role is told on the way into a state; at the start, nothing. */
const TOLD = {
  requesting: 'TABLE_FETCH_RETRIED',
  waiting: 'TABLE_FETCH_FAILED',
  'waiting-for-the-tick': 'TABLE_FETCH_FAILED',
  answered: 'TABLE_FETCHED',
} as const;

const taken = new TakenTransitions();

playPaths(
  'a table fetch',
  tableFetchSpec,
  TABLE_FETCH_EVENTS,
  () => new TableFetchRehearsal(taken.inspect),
  (rehearsal, { value }, after) => {
    expect(rehearsal.state, after).toBe(value === 'waiting-for-the-tick' ? 'waiting' : value);
    expect(rehearsal.lastTold, after).toBe(after === 'start' ? undefined : TOLD[value]);
  },
);

testEveryTransition(tableFetchMachine, taken);
