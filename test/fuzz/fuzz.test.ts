import { describe, expect, test } from 'vitest';
import { SAMPLES_MISSING, samplesFolder } from '../support/samples.js';
import { unlessRefused, type Feed, type FuzzTarget } from './fuzz-target.js';
import { runTarget } from './run-target.js';
import { TARGETS } from './targets.js';
import { watchedRun } from './watched-run.js';

/** For a busy machine: these tests compute all the time. */
const LONGEST_MS = 180_000;
/** What is slow for the weak parsers. */
const SLOW_MS = 100;
/** Those that ask a server, a file or a whole program each time. */
const SLOW = ['execution-answers', 'journal-segments', 'journal-replay', 'flags', 'http-requests'];

if (samplesFolder() === undefined) console.warn(`fuzzed from the tests' own samples only: ${SAMPLES_MISSING}`);

describe('every parser takes or refuses what it gets, and does nothing else', () => {
  test.each(TARGETS.map((target) => [target.name, target] as const))(
    '%s',
    async (name, target) => {
      const inputs = SLOW.includes(name) ? 300 : 2000;
      const { violation, taken } = await runTarget(target, { inputs, seed: 1 });
      expect(violation).toBeUndefined();
      expect(taken).toBeGreaterThan(0);
    },
    LONGEST_MS,
  );
});

describe('parsers with a known weakness are found out', () => {
  const SAMPLE = '{"data":[{"slot":"1","deep":{"a":[1,2]}}],"count":3}';

  function weak(feed: Feed): FuzzTarget {
    return { name: 'weak', samples: () => [SAMPLE], open: () => Promise.resolve({ feed }) };
  }
  const parsed = (input: Buffer): unknown =>
    unlessRefused([SyntaxError], () => JSON.parse(input.toString()) as unknown);

  test.each<[string, RegExp, Feed]>([
    [
      'one that does not expect what is no JSON',
      /SyntaxError/,
      (input) => Object.keys(JSON.parse(String(input)) as object).length,
    ],
    [
      'one that does not expect what lacks a field',
      /TypeError/,
      (input) => {
        const value = parsed(input) as { data: { slot: string }[] } | undefined;
        return value?.data[0]!.slot.length;
      },
    ],
    ['one that goes as deep as the text', /RangeError: Maximum call stack/, (input) => depthOf(parsed(input))],
    ['one that merges objects key by key', /prototypes were touched/, (input) => merged({}, parsed(input))],
    [
      'one that is slow with some inputs',
      /it takes \d+ ms/,
      (input) => spin(input.includes('constructor') ? 1.2 * SLOW_MS : 0),
    ],
    [
      'one that believes a number in the text',
      /things of \d+ bytes/,
      (input) => (parsed(input) as { count?: number })?.count,
    ],
  ])(
    '%s',
    async (_, says, feed) => {
      const { violation, inputs } = await runTarget(weak(feed), { inputs: 50_000, seed: 1, longestMs: SLOW_MS });
      restorePrototype();
      expect(violation).toMatch(says);
      // The number of the input is all that it takes to meet it again.
      const again = await runTarget(weak(feed), { inputs: 1, seed: 1, from: inputs - 1, longestMs: SLOW_MS });
      restorePrototype();
      expect(again.violation).toMatch(says);
    },
    LONGEST_MS,
  );
});

describe('a run in a thread', () => {
  const ORDER = { target: 'any', inputs: 10, seed: 7, from: 0 };
  const script = (body: string) =>
    `const { parentPort, workerData } = require('node:worker_threads');
     const at = (input) => Atomics.store(workerData.progress, 0, input);
     ${body}`;

  test('tells what it found', async () => {
    const found = { inputs: 10, taken: 3, slowestMs: 1, cpuMs: 2, violation: undefined };
    expect(await watchedRun(script(`parentPort.postMessage(${JSON.stringify(found)})`), ORDER)).toEqual(found);
  });

  test.each([
    ['that hangs', 'at(4); for (;;);', /^input 4 of any \(seed 7\): it did not end within 2000 ms/],
    ['that crashes later', "at(6); setTimeout(() => { throw new TypeError('later'); })", /input 6 .*TypeError: later/],
    ['that ends without a word', 'at(7); process.exit(3)', /input 7 .*exit code 3/],
  ])(
    'one %s is reported with its input',
    async (_, body, says) => {
      const longestInputMs = body.includes('for (;;);') ? 2000 : 60_000;
      const { violation } = await watchedRun(script(body), ORDER, { longestInputMs });
      expect(violation).toMatch(says);
    },
    LONGEST_MS,
  );
});

const UNTOUCHED = Object.getOwnPropertyDescriptors(Object.prototype);

/** After a parser that wrote to it. */
function restorePrototype(): void {
  for (const key of Reflect.ownKeys(Object.prototype)) {
    if (!Object.hasOwn(UNTOUCHED, key)) Reflect.deleteProperty(Object.prototype, key);
  }
  Object.defineProperties(Object.prototype, UNTOUCHED);
}

function spin(ms: number): number {
  const end = performance.now() + ms;
  while (performance.now() < end);
  return 0;
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

function merged(into: Record<string, unknown>, from: unknown): number {
  if (typeof from !== 'object' || from === null) return 0;
  for (const [key, value] of Object.entries(from)) {
    if (typeof value === 'object' && value !== null && typeof into[key] === 'object') {
      merged(into[key] as Record<string, unknown>, value);
    } else into[key] = value;
  }
  return 0;
}
