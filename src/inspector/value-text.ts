/** What a context or an event looks like to a viewer: its shape, and the beginning of what is long, as JSON text. */

const DEEPEST = 4;
/** To keep the text of what lies deeper costs more than to make it again. */
const DEEPEST_KEPT = 1;
const MOST_ENTRIES = 8;
const MOST_OBJECTS = 2;
const MOST_FIELDS = 40;
const LONGEST_TEXT = 200;
const MOST_KEYS = 1000;

/**
 * Summarises values as JSON text. Plain objects, arrays, maps and sets are taken to be immutable, as a machine's context
 * is: the text of one is kept as long as it lives, and what did not change costs nothing the next time. Other objects
 * summarise themselves by their `toJSON`, or are named.
 */
export class ValueText {
  readonly #kept = new WeakMap<object, { readonly depth: number; readonly text: string }>();
  readonly #keys = new Map<string, string>();
  readonly #leftOut: ReadonlySet<string>;

  /** `leftOut`: keys that are not shown. */
  constructor(leftOut: ReadonlySet<string>) {
    this.#leftOut = leftOut;
  }

  /** Never throws. */
  of(value: unknown): string {
    try {
      return this.#text(value, 0) ?? 'null';
    } catch (error) {
      return JSON.stringify(`unreadable: ${error instanceof Error ? error.message : 'it threw'}`);
    }
  }

  /** Undefined: left out. */
  #text(value: unknown, depth: number): string | undefined {
    switch (typeof value) {
      case 'string':
        return JSON.stringify(value.length > LONGEST_TEXT ? `${value.slice(0, LONGEST_TEXT)}…` : value);
      case 'number':
        return Number.isFinite(value) ? String(value) : `"${value}"`;
      case 'boolean':
        return String(value);
      case 'bigint':
        return `"${value}"`;
      case 'object':
        return value === null ? 'null' : this.#ofObject(value, depth);
      default:
        return undefined;
    }
  }

  #ofObject(value: object, depth: number): string | undefined {
    if (depth > DEEPEST_KEPT) return this.#ofPlain(value, depth) ?? this.#ofInstance(value, depth);
    const kept = this.#kept.get(value);
    if (kept?.depth === depth) return kept.text;
    const text = this.#ofPlain(value, depth);
    if (text === undefined) return this.#ofInstance(value, depth);
    this.#kept.set(value, { depth, text });
    return text;
  }

  /** Undefined: it is no plain value. */
  #ofPlain(value: object, depth: number): string | undefined {
    if (Array.isArray(value)) return this.#entries(value, value.length, depth);
    if (value instanceof Set) return this.#entries(value, value.size, depth);
    if (value instanceof Map) return this.#pairs(value, depth);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return undefined;
    return this.#fields(value as Readonly<Record<string, unknown>>, depth);
  }

  #ofInstance(value: object, depth: number): string | undefined {
    if (value instanceof Error) return this.#text(`${value.name}: ${value.message}`, depth);
    if (ArrayBuffer.isView(value)) return `"${value.constructor.name} of ${value.byteLength} bytes"`;
    const { toJSON } = value as { toJSON?: unknown };
    if (typeof toJSON === 'function') return this.#text(toJSON.call(value), depth);
    return JSON.stringify(`[${value.constructor.name}]`);
  }

  #entries(values: Iterable<unknown>, size: number, depth: number): string {
    if (depth >= DEEPEST) return `"${size} entries"`;
    let entries = '';
    let left = size;
    for (const value of values) {
      const most = typeof value === 'object' ? MOST_OBJECTS : MOST_ENTRIES;
      if (size - left >= most) return `[${entries.slice(1)},"… ${left} more"]`;
      entries += `,${this.#text(value, depth + 1) ?? 'null'}`;
      left--;
    }
    return `[${entries.slice(1)}]`;
  }

  #pairs(map: ReadonlyMap<unknown, unknown>, depth: number): string {
    if (depth >= DEEPEST) return `"${map.size} entries"`;
    let fields = '';
    let left = map.size;
    for (const [key, value] of map) {
      if (map.size - left >= MOST_ENTRIES) return `{${fields.slice(1)},"…":"${left} more"}`;
      fields += `,${JSON.stringify(String(key))}:${this.#text(value, depth + 1) ?? 'null'}`;
      left--;
    }
    return `{${fields.slice(1)}}`;
  }

  #fields(value: Readonly<Record<string, unknown>>, depth: number): string {
    const keys = Object.keys(value);
    if (depth >= DEEPEST) return `"${keys.length} fields"`;
    let fields = '';
    for (let i = 0; i < keys.length; i++) {
      if (i === MOST_FIELDS) return `{${fields.slice(1)},"…":"${keys.length - i} more"}`;
      const key = keys[i]!;
      const text = this.#leftOut.has(key) ? undefined : this.#text(value[key], depth + 1);
      if (text !== undefined) fields += `,${this.#keyText(key)}:${text}`;
    }
    return `{${fields.slice(1)}}`;
  }

  /** Machines and events name their fields once and for all. */
  #keyText(key: string): string {
    const known = this.#keys.get(key);
    if (known !== undefined) return known;
    const text = JSON.stringify(key);
    if (this.#keys.size < MOST_KEYS) this.#keys.set(key, text);
    return text;
  }
}
