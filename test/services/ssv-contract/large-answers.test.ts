import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunksOf } from '../../../services/beacon-node/chunks.js';
import { ExecutionNodeError } from '../../../services/ssv-contract/execution-errors.js';
import { LARGE_ANSWER_BYTES, readResultInTurns } from '../../../services/ssv-contract/large-answers.js';

const METHOD = 'eth_getLogs';
/** An item that makes a piece by itself. */
const WHOLE_PIECE = 'x'.repeat(LARGE_ANSWER_BYTES);

/** One character of the texts that end a piece, what a socket gives, and the whole of a WebSocket's message. */
const CHUNK = fc.oneof(fc.integer({ min: 1, max: 50 }), fc.constantFrom(1000, LARGE_ANSWER_BYTES, Infinity));

/** Gives an answer in chunks of a size, as a socket does; without one as a whole. */
function reading(text: string, chunkBytes = Infinity): Promise<unknown> {
  return readResultInTurns(METHOD, chunksOf(new Uint8Array(Buffer.from(text)), chunkBytes));
}

/** Reads an answer in one chunk; in how many turns of the event loop its items came. */
async function turnsOf(result: readonly [number, string][]): Promise<number> {
  let turns = 0;
  const turnOf: number[] = [];
  let done = false;
  const counting = (async () => {
    for (; !done; turns++) await setImmediate();
  })();
  const bytes = Buffer.from(JSON.stringify({ id: 1, result }));
  const read = await readResultInTurns(METHOD, [bytes], (item, place) => {
    turnOf.push(turns);
    return `${(item as [number])[0]}/${place}`;
  });
  done = true;
  await counting;
  expect(read).toEqual(result.map((_, i) => `${i}/${i}`));
  return new Set(turnOf).size;
}

async function failureOf(text: string): Promise<ExecutionNodeError> {
  const error: unknown = await reading(text).then(
    () => new Error('did not reject'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof ExecutionNodeError) return error;
  throw new Error('not an ExecutionNodeError', { cause: error });
}

describe('a large answer', () => {
  it('is read as JSON.parse reads it, whatever its items, its spaces and its order', async () => {
    // Quotes, backslashes, brackets and commas in texts are what could be taken for the end of an item.
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.array(fc.constantFrom('"', '\\', '[', ']', '{', '}', ',', '\\"', 'ü')).map((parts) => parts.join('')),
    );
    const { item } = fc.letrec((tie) => ({
      item: fc.oneof({ maxDepth: 3 }, text, fc.double({ noNaN: true }), fc.constant(null), tie('list'), tie('object')),
      list: fc.array(tie('item'), { maxLength: 4 }),
      object: fc.dictionary(text, tie('item'), { maxKeys: 4 }),
    }));
    const items = fc.array(fc.oneof(item, fc.constant(WHOLE_PIECE)), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        items,
        fc.constantFrom(undefined, 1),
        fc.boolean(),
        CHUNK,
        async (all, spaces, idComesLast, chunk) => {
          const result = [WHOLE_PIECE, ...all];
          const written = idComesLast ? { jsonrpc: '2.0', result, id: 7 } : { id: 7, jsonrpc: '2.0', result };
          const answer = JSON.stringify(written, undefined, spaces);
          const { result: meant } = JSON.parse(answer) as { result: unknown };
          expect(await reading(answer, chunk)).toEqual(meant);
        },
      ),
    );
  });

  it('is read piece by piece, others come in between', async () => {
    const large = Array.from({ length: 40 }, (_, i): [number, string] => [i, WHOLE_PIECE]);
    expect(await turnsOf(large)).toBe(40);
    // Small items share a turn: as many as make a piece.
    const small = Array.from({ length: 400 }, (_, i): [number, string] => [i, 'x'.repeat(1000)]);
    expect(await turnsOf(small)).toBe(Math.ceil(JSON.stringify(small).length / (LARGE_ANSWER_BYTES + 1000)));
  });

  it('is read whole where it has no list, or one that begins late', async () => {
    expect(await reading(`{"id":1,"result":"${WHOLE_PIECE}"}`)).toBe(WHOLE_PIECE);
    expect(await reading(`{"padding":"${WHOLE_PIECE}","id":1,"result":[1,2]}`)).toEqual([1, 2]);
  });

  it('may be an error', async () => {
    const error = JSON.stringify({ code: -32000, message: 'no' });
    const texts = [
      `{"id":1,"error":${error},"padding":"${WHOLE_PIECE}"}`,
      `{"id":1,"result":["${WHOLE_PIECE}"],"error":${error}}`,
    ];
    for (const text of texts) expect(await failureOf(text)).toMatchObject({ kind: 'rpc', code: -32000 });
  });

  const list = `"${WHOLE_PIECE}",{"a":1},"${WHOLE_PIECE}"`;
  it.each([
    ['cut off in a text', `{"result":["${WHOLE_PIECE}`],
    ['cut off in an item', `{"result":[${list},{"a":[1`],
    ['cut off after an item', `{"result":[${list}`],
    ['cut off after a comma', `{"result":[${list},`],
    ['cut off after the list', `{"result":[${list}]`],
    ['with nothing before a comma', `{"result":[,${list}]}`],
    ['with nothing between two commas', `{"result":[${list},,${list}]}`],
    ['with nothing after the last comma', `{"result":[${list},]}`],
    ['with a list that ends as an object', `{"result":[${list}}}`],
    ['with an item that ends as another', `{"result":[${list},{"a":1]]}`],
    ['with no comma', `{"result":[${list} ${list}]}`],
    ['with more after its end', `{"result":[${list}]}}`],
    ['of nothing but nonsense', WHOLE_PIECE.repeat(2)],
  ])('is refused %s', async (_, text) => {
    expect(() => JSON.parse(text) as unknown).toThrow();
    expect(await failureOf(text)).toMatchObject({ kind: 'schema', message: 'eth_getLogs: expected JSON' });
  });

  it('fails with what an item is refused with', async () => {
    const refused = new ExecutionNodeError('schema', 'no');
    const read = readResultInTurns(METHOD, [Buffer.from(`{"result":[${list}]}`)], () => {
      throw refused;
    });
    await expect(read).rejects.toBe(refused);
  });
});
