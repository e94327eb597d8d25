/** Inputs for a parser: what it should get, bent. */
import { bentBytes, noise } from './bent-bytes.js';
import { bentJson } from './bent-json.js';
import { jsonTree, textOf, type JsonNode } from './json-tree.js';
import type { SeededRandom } from './seeded-random.js';

/** Longer ones say nothing more, and cost time. */
const LONGEST_INPUT = 32 * 1024;
const MOST_CHANGES = 4;

/** Makes the inputs of a parser from samples of what it should get. */
export class Inputs {
  readonly #samples: readonly { readonly bytes: Buffer; readonly tree: JsonNode | undefined }[];

  constructor(samples: readonly (string | Buffer)[]) {
    this.#samples = samples.map((sample) => {
      const bytes = Buffer.from(sample);
      return { bytes, tree: jsonTree(bytes.toString()) };
    });
  }

  /** One of 50 is a sample as it is, one of 20 noise; the rest is bent in structure, in bytes, or in both. */
  next(random: SeededRandom): Buffer {
    if (random.once(20)) return noise(random);
    const { bytes, tree } = random.pick(this.#samples);
    if (random.once(50)) return bytes;
    const changes = 1 + random.size(MOST_CHANGES);
    let bent = bytes;
    if (tree !== undefined && !random.once(3)) {
      let node = tree;
      for (let i = 0; i < changes; i++) node = bentJson(node, random);
      bent = Buffer.from(textOf(node));
      if (!random.once(4)) return bent.subarray(0, LONGEST_INPUT);
    }
    for (let i = 0; i < changes; i++) bent = bentBytes(bent, random);
    return bent.subarray(0, LONGEST_INPUT);
  }
}
