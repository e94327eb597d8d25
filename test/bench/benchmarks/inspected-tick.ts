import { atMost, digits, type Benchmark } from '../support/benchmark.js';
import { LATER_MS, measureInspectedTick } from '../support/inspected-tick.js';

const DUTIES = 1000;
const BOUND_MICROS = 150;

/** What it costs that somebody looks on with the Stately inspector. */
export const inspectedTick: Benchmark = {
  name: 'inspected-tick',
  title: `What the inspector adds to a TICK, with ${DUTIES} attesters`,
  run: async () => {
    const { unwatched, within, showing, later, messages, characters } = await measureInspectedTick(DUTIES);
    const micros = (value: number) => ({ value, text: `${digits(value)} µs` });
    const line = (what: string, value: number) =>
      atMost(what, micros(value).text, '', micros(value), BOUND_MICROS, ' µs');
    return [
      line('an observer, and nobody looks: the turn of the tick', unwatched),
      line('somebody looks: the turn of the tick', within),
      line(
        `somebody looks: in all (${digits(messages)} messages, ${digits(characters / 1000)} kB, in turns of their own)`,
        showing,
      ),
      {
        what: `the ${LATER_MS} ms after it, in all: the executors' outcomes, the node's answer`,
        ours: micros(later).text,
        against: '',
        result: micros(later).text,
        aim: '',
        met: undefined,
      },
    ];
  },
};
