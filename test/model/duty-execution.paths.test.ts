import { expect } from 'vitest';
import { dutyExecutionMachine } from '../../machines/duty-execution.machine.js';
import { BatchRehearsal } from './batch-rehearsal.js';
import { BATCH_EVENTS, batchSpec, type BatchVariant } from './batch-spec.js';
import { testEveryTransition } from './chart-coverage.js';
import { playPaths } from './play-paths.js';
import { TakenTransitions } from './taken-transitions.js';

const taken = new TakenTransitions();

const HEAD_KIND = { waitsForHead: true, collects: true } as const;
const VARIANTS: readonly BatchVariant[] = [
  { name: 'that waits for the head, then for the node', ...HEAD_KIND, troubles: ['node not trusted'] },
  { name: 'that waits for the head, then for its table', ...HEAD_KIND, troubles: ['table not trusted', 'all leave'] },
  { name: 'that waits for the head, and loses some', ...HEAD_KIND, troubles: ['one leaves', 'all leave'] },
  { name: 'that waits for the head, and sleeps', ...HEAD_KIND, troubles: ['sleep', 'node not trusted'] },
  { name: 'with a grace beyond its due point', ...HEAD_KIND, longGrace: true, troubles: ['sleep'] },
  { name: 'whose head came before the tick', ...HEAD_KIND, headKnown: true, noGrace: true, troubles: ['all leave'] },
  { name: 'known at its due point', ...HEAD_KIND, armedAt: 'due point', troubles: ['sleep'] },
  { name: 'known when it is too late', ...HEAD_KIND, armedAt: 'last chance', troubles: [] },
  { name: 'that is late', ...HEAD_KIND, late: true, troubles: ['table not trusted', 'sleep'] },
  {
    name: 'that lets older ones go first',
    ...HEAD_KIND,
    late: true,
    olderOnTheWay: true,
    troubles: ['table not trusted', 'all leave', 'sleep'],
  },
  { name: 'without data', waitsForHead: true, collects: false, troubles: ['node not trusted', 'all leave'] },
  {
    name: "handed over at its slot's start",
    waitsForHead: false,
    collects: false,
    troubles: ['one leaves', 'all leave', 'sleep'],
  },
];

for (const variant of VARIANTS) {
  playPaths(
    `a batch ${variant.name}`,
    batchSpec(variant),
    BATCH_EVENTS,
    () => new BatchRehearsal(variant, taken.inspect),
    (rehearsal, { value, context }, after) => {
      expect(rehearsal.state, after).toBe(value);
      expect(rehearsal.trigger, after).toBe(context.trigger);
      expect(rehearsal.fateOf('one'), after).toBe(context.fateOfOne);
      expect(rehearsal.fateOf('other'), after).toBe(context.fate);
      expect(rehearsal.handedOver.length, after).toBe(context.handedOver);
      expect(rehearsal.calledOff.length, after).toBe(Math.max(0, context.handedOver - context.left));
      expect(rehearsal.expired, after).toBe(context.passed === 'deadline');
      expect(rehearsal.emptyLines, after).toEqual([]);
    },
  );
}

testEveryTransition(dutyExecutionMachine, taken);
