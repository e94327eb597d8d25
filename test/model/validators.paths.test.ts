import { expect } from 'vitest';
import { validatorsMachine } from '../../machines/validators.machine.js';
import { testEveryTransition } from './chart-coverage.js';
import { playPaths } from './play-paths.js';
import { TakenTransitions } from './taken-transitions.js';
import { ValidatorsRehearsal } from './validators-rehearsal.js';
import { VALIDATORS_EVENTS, validatorsSpec } from './validators-spec.js';

const taken = new TakenTransitions();

playPaths(
  'the registry',
  validatorsSpec,
  VALIDATORS_EVENTS,
  () => new ValidatorsRehearsal(taken.inspect),
  (rehearsal, { value, context }, after) => {
    expect(rehearsal.state, after).toEqual(value);
    if (value['look-up'] === 'asking') expect(rehearsal.asked, after).toEqual(context.asked);
    expect(rehearsal.told, after).toBe(context.last);
  },
);

testEveryTransition(validatorsMachine, taken);
