/** The keys of an object in their order, and each as it begins its field in JSON. */
export interface KeyShape {
  readonly keys: readonly string[];
  /** `,"slot":` by key; undefined: the field is not shown. */
  readonly openings: readonly (string | undefined)[];
}

const MOST_SHAPES = 500;

/** Machines and events name their fields once and for all: what objects with the same keys share is made once. */
export class KeyShapes {
  /** By number of keys. */
  readonly #shapes = new Map<number, KeyShape[]>();
  readonly #leftOut: ReadonlySet<string>;
  readonly #most: number;
  #count = 0;

  /** `leftOut`: keys that are not shown. Of more than `most` keys the first are. */
  constructor(leftOut: ReadonlySet<string>, most: number) {
    this.#leftOut = leftOut;
    this.#most = most;
  }

  of(keys: readonly string[]): KeyShape {
    const alike = this.#shapes.get(keys.length) ?? [];
    const known = alike.find((shape) => shape.keys.every((key, index) => key === keys[index]));
    if (known !== undefined) return known;
    const openings = keys.map((key, index) =>
      index >= this.#most || this.#leftOut.has(key) ? undefined : `,${JSON.stringify(key)}:`,
    );
    const shape = { keys, openings };
    if (this.#count++ < MOST_SHAPES) this.#shapes.set(keys.length, [...alike, shape]);
    return shape;
  }
}
