import { atMost, digits, type Benchmark } from '../support/benchmark.js';
import { measureInspectedTick } from '../support/inspected-tick.js';

const DUTIES = 1000;
const BOUND_MICROS = 150;

/** What it costs that somebody looks on with the Stately inspector. */
export const inspectedTick: Benchmark = {
  name: 'inspected-tick',
  title: `What the inspector adds to a TICK, with ${DUTIES} attesters`,
  run: async () => {
    const { unwatched, within, showing, messages, characters } = await measureInspectedTick(DUTIES);
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
    ];
  },
};
