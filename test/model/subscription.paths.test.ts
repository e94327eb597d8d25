import { expect } from 'vitest';
import { subscriptionMachine } from '../../machines/subscription.machine.js';
import { testEveryTransition } from './chart-coverage.js';
import { playPaths } from './play-paths.js';
import { SubscriptionRehearsal } from './subscription-rehearsal.js';
import { SUBSCRIPTION_EVENTS, subscriptionSpec } from './subscription-spec.js';
import { TakenTransitions } from './taken-transitions.js';

const taken = new TakenTransitions();

playPaths(
  'subscriptions',
  subscriptionSpec,
  SUBSCRIPTION_EVENTS,
  () => new SubscriptionRehearsal(taken.inspect),
  (rehearsal, { value, context }, after) => {
    expect(rehearsal.state, after).toBe(value);
    expect(rehearsal.queue, after).toEqual(context.queue);
  },
);

testEveryTransition(subscriptionMachine, taken);
