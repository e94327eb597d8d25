import { chunksOf } from '../../../services/beacon-node/chunks.js';
import { ExecutionNodeError } from '../../../services/ssv-contract/execution-errors.js';
import { readResultInTurns } from '../../../services/ssv-contract/large-answers.js';
import { mustHold, type Feed, type FuzzTarget } from '../fuzz-target.js';
import { recordedLogs } from './recorded.js';

/** So small that the samples are large answers of many pieces. */
const LARGE_BYTES = 40;
const LONGEST_CHUNK = 200;
/** What could be taken for the end of an item. */
const LIST = JSON.stringify(['a\\\\"b,', { c: [']', []] }, [], null, 1.5, 'ü']);

/** A list in pieces: it is what `JSON.parse` makes of the whole, or refused, as that refuses it. */
export const LARGE_ANSWERS: FuzzTarget = {
  name: 'large-answers',
  samples: () =>
    [...recordedLogs(), LIST, '[]'].flatMap((list) => [
      `{"jsonrpc":"2.0","id":1,"result":${list}}`,
      ` {"id":1 , "result" : ${list} , "jsonrpc":"2.0"} `,
    ]),
  open() {
    const feed: Feed = async (input, random) => {
      const text = input.toString();
      const chunkBytes = 1 + random.below(LONGEST_CHUNK);
      let items = 0;
      const count = (item: unknown) => {
        items++;
        return item;
      };
      let read: unknown;
      try {
        read = await readResultInTurns('eth_getLogs', chunksOf(new Uint8Array(input), chunkBytes), count, LARGE_BYTES);
      } catch (error) {
        if (!(error instanceof ExecutionNodeError)) throw error;
        mustHold(error.kind !== 'schema' || !isAnswer(text), () => `refused: ${error.message}`);
        return undefined;
      }
      // Of a result that is named twice, JSON.parse takes the other one.
      if (text.split('result').length === 2) {
        const { result } = JSON.parse(text) as { result: unknown };
        mustHold(asText(read) === asText(result), () => `read as ${asText(read)}`);
      }
      return items;
    };
    return Promise.resolve({ feed });
  },
};

/** To compare; what is nested so deeply that it cannot be written is all alike. */
function asText(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) return 'deep';
    throw error;
  }
}

/** Whether a text is JSON with a result, and no error. */
function isAnswer(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'result' in value && !('error' in value);
  } catch {
    return false;
  }
}
