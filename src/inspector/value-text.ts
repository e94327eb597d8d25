/** What a context or an event looks like to a viewer: its shape, and the beginning of what is long, as JSON text. */
import { KeyShapes, type KeyShape } from './key-shapes.js';

const DEEPEST = 4;
const MOST_ENTRIES = 8;
const MOST_OBJECTS = 2;
const MOST_FIELDS = 40;
const LONGEST_TEXT = 200;
/** Texts that need no escape, as nearly all are. */
const PLAIN = /^[\w .,:;/()+-]*$/;
/** Of one byte each: a text with any other character takes two for every one. */
const ELLIPSIS = '\\u2026';

/** A value as it was shown. It never changes: the next value of the same place mostly has the same parts. */
export interface Shown {
  readonly value: unknown;
  /** Undefined: left out. */
  readonly text: string | undefined;
  /** While it is the same value, its text is the same. */
  readonly lasts: boolean;
  /** Of an object: its keys, and what is behind each. */
  readonly shape?: KeyShape;
  /** Behind the keys of an object or a map, or the objects of a list. */
  readonly fields?: readonly Shown[];
  /** Each field of an object as text, `,"slot":7`; empty where nothing is shown. */
  readonly parts?: readonly string[];
}

export interface ValueTextOptions {
  /** Keys that are not shown. */
  readonly leftOut: ReadonlySet<string>;
  /** Classes whose instances never change, and summarise themselves. */
  readonly unchanging: readonly { readonly prototype: object }[];
}

/**
 * Summarises values as JSON text. Plain objects, arrays, maps and sets are taken to be immutable, as a machine's context
 * is. Other objects summarise themselves by their `toJSON`, or are named.
 */
export class ValueText {
  readonly #shapes: KeyShapes;
  readonly #unchanging: ReadonlySet<unknown>;

  constructor({ leftOut, unchanging }: ValueTextOptions) {
    this.#shapes = new KeyShapes(leftOut, MOST_FIELDS);
    this.#unchanging = new Set(unchanging.map(({ prototype }) => prototype));
  }

  /** JSON text. Never throws. */
  of(value: unknown): string {
    return this.show(value, undefined).text ?? 'null';
  }

  /** The same, to be given as `last` when the next value of the same place is shown. Never throws. */
  show(value: unknown, last: Shown | undefined): Shown {
    try {
      return this.#show(value, last, 0);
    } catch (error) {
      const text = JSON.stringify(`unreadable: ${error instanceof Error ? error.message : 'it threw'}`);
      return { value, text, lasts: false };
    }
  }

  #show(value: unknown, last: Shown | undefined, depth: number): Shown {
    if (last !== undefined && last.value === value && last.lasts) return last;
    if (typeof value === 'object' && value !== null) return this.#object(value, last, depth);
    return lasting(value, primitiveText(value));
  }

  #object(value: object, last: Shown | undefined, depth: number): Shown {
    if (Array.isArray(value)) return this.#entries(value, value, value.length, last, depth);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) {
      if (depth >= DEEPEST) return lasting(value, `"${Object.keys(value).length} fields"`);
      const again = last?.shape === undefined ? undefined : this.#again(value, last, depth);
      return again ?? this.#anew(value, depth);
    }
    if (value instanceof Map) return this.#pairs(value, last, depth);
    if (value instanceof Set) return this.#entries(value, value, value.size, last, depth);
    if (value instanceof Error) return lasting(value, textOf(`${value.name}: ${value.message}`));
    if (ArrayBuffer.isView(value)) return lasting(value, `"${value.constructor.name} of ${value.byteLength} bytes"`);
    const { toJSON } = value as { toJSON?: unknown };
    if (typeof toJSON !== 'function') return lasting(value, textOf(`[${value.constructor.name}]`));
    const { text } = this.#show(toJSON.call(value), undefined, depth);
    return { value, text, lasts: this.#unchanging.has(prototype) };
  }

  #entries(value: object, entries: Iterable<unknown>, size: number, last: Shown | undefined, depth: number): Shown {
    if (depth >= DEEPEST) return lasting(value, `"${size} entries"`);
    const fields: Shown[] = [];
    let text = '';
    let left = size;
    let lasts = true;
    for (const entry of entries) {
      const isObject = typeof entry === 'object' && entry !== null;
      // Objects in the deepest list would be counted one by one.
      if (isObject && depth + 1 >= DEEPEST) return lasting(value, `"${size} entries"`);
      if (size - left >= (isObject ? MOST_OBJECTS : MOST_ENTRIES)) {
        text += `,"${ELLIPSIS} ${left} more"`;
        break;
      }
      left--;
      if (isObject) {
        const shown = this.#object(entry, last?.fields?.[fields.length] ?? fields.at(-1), depth + 1);
        lasts &&= shown.lasts;
        fields.push(shown);
        text += `,${shown.text ?? 'null'}`;
      } else {
        text += `,${primitiveText(entry) ?? 'null'}`;
      }
    }
    return { value, text: `[${text.slice(1)}]`, lasts, fields };
  }

  #pairs(map: ReadonlyMap<unknown, unknown>, last: Shown | undefined, depth: number): Shown {
    if (depth >= DEEPEST) return lasting(map, `"${map.size} entries"`);
    const known = last?.fields;
    const fields: Shown[] = [];
    let text = '';
    let lasts = true;
    for (const [key, value] of map) {
      if (fields.length >= MOST_ENTRIES) {
        text += `,"${ELLIPSIS}":"${map.size - fields.length} more"`;
        break;
      }
      const before = known?.find((field) => field.value === value) ?? known?.[fields.length];
      const shown = this.#show(value, before, depth + 1);
      lasts &&= shown.lasts;
      fields.push(shown);
      text += `,${textOf(String(key))}:${shown.text ?? 'null'}`;
    }
    return { value: map, text: `{${text.slice(1)}}`, lasts, fields };
  }

  /** An object with the keys of the last one: only what is different is made. Undefined: its keys are others. */
  #again(value: object, { shape, fields: known, parts: old }: Shown, depth: number): Shown | undefined {
    const { keys, openings } = shape!;
    let fields: Shown[] | undefined;
    let parts: string[] | undefined;
    let lasts = true;
    let i = 0;
    for (const key in value) {
      if (key !== keys[i]) return undefined;
      const opening = openings[i];
      if (opening !== undefined) {
        const before = known![i]!;
        const field = (value as Readonly<Record<string, unknown>>)[key];
        if (before.value !== field || !before.lasts) {
          const shown = this.#show(field, before, depth + 1);
          fields ??= known!.slice();
          parts ??= old!.slice();
          fields[i] = shown;
          parts[i] = shown.text === undefined ? '' : opening + shown.text;
          lasts &&= shown.lasts;
        }
      }
      i++;
    }
    if (i !== keys.length) return undefined;
    return shownFields(value, shape!, fields ?? known!, parts ?? old!, lasts);
  }

  #anew(value: object, depth: number): Shown {
    const shape = this.#shapes.of(Object.keys(value));
    const values: unknown[] = Object.values(value);
    const fields: Shown[] = [];
    const parts: string[] = [];
    let lasts = true;
    shape.openings.forEach((opening, i) => {
      const shown = opening === undefined ? NOTHING : this.#show(values[i], undefined, depth + 1);
      lasts &&= shown.lasts;
      fields.push(shown);
      parts.push(shown.text === undefined ? '' : opening + shown.text);
    });
    if (values.length > MOST_FIELDS) parts.push(`,"${ELLIPSIS}":"${values.length - MOST_FIELDS} more"`);
    return shownFields(value, shape, fields, parts, lasts);
  }
}

const NOTHING = lasting(undefined, undefined);

function lasting(value: unknown, text: string | undefined): Shown {
  return { value, text, lasts: true };
}

function shownFields(
  value: object,
  shape: KeyShape,
  fields: readonly Shown[],
  parts: readonly string[],
  lasts: boolean,
): Shown {
  return { value, text: `{${parts.join('').slice(1)}}`, lasts, shape, fields, parts };
}

/** Undefined: left out. */
function primitiveText(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return textOf(value);
    case 'number':
      return Number.isFinite(value) ? String(value) : `"${value}"`;
    case 'boolean':
      return value ? 'true' : 'false';
    case 'bigint':
      return `"${value}"`;
    case 'object':
      return 'null';
    default:
      return undefined;
  }
}

function textOf(text: string): string {
  if (text.length > LONGEST_TEXT) return JSON.stringify(`${text.slice(0, LONGEST_TEXT)}…`);
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}
