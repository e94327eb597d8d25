/** What a value looks like to a viewer: its shape, and the beginning of what is long, as JSON text. */

const DEEPEST = 4;
const MOST_ENTRIES = 8;
const MOST_OBJECTS = 2;
const MOST_FIELDS = 40;
const LONGEST_TEXT = 200;
/** Of one byte each: a text with any other character takes two for every one. */
const ELLIPSIS = '\\u2026';

/**
 * A value as JSON text; undefined for what JSON leaves out. Objects with a `toJSON` summarise themselves, those of other
 * classes are named. May throw where the value does.
 */
export function valueText(value: unknown, depth = 0): string | undefined {
  switch (typeof value) {
    case 'string':
      return stringText(value);
    case 'number':
      return Number.isFinite(value) ? `${value}` : `"${value}"`;
    case 'boolean':
      return value ? 'true' : 'false';
    case 'bigint':
      return `"${value}"`;
    case 'object':
      return value === null ? 'null' : objectText(value, depth);
    default:
      return undefined;
  }
}

/** The same, and `null` for what JSON leaves out. */
export function jsonText(value: unknown, depth = 0): string {
  return valueText(value, depth) ?? 'null';
}

/** The text of a machine's state: told with every snapshot, it has a quicker way than any other value. */
export function stateText(state: unknown): string {
  if (typeof state !== 'object' || state === null) return jsonText(state);
  let text = '';
  for (const region in state) {
    const field = `${stringText(region)}:${stateText((state as Readonly<Record<string, unknown>>)[region])}`;
    text = text === '' ? field : `${text},${field}`;
  }
  return `{${text}}`;
}

const texts = new WeakMap<object, string>();

/** The text of an immutable object, made once; `null` where there is none. */
export function onceText<Value extends object>(
  value: Value | undefined,
  make: (value: Value) => string = (plain) => jsonText(plain),
): string {
  if (value === undefined) return 'null';
  let text = texts.get(value);
  if (text === undefined) {
    text = make(value);
    texts.set(value, text);
  }
  return text;
}

/** A string as JSON text, cut where it is long. */
export function stringText(text: string): string {
  if (text.length > LONGEST_TEXT) return JSON.stringify(`${text.slice(0, LONGEST_TEXT)}…`);
  return isPlain(text) ? `"${text}"` : JSON.stringify(text);
}

/** Whether a text needs no escape, as nearly all do not. */
function isPlain(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code > 0x7e || code === 0x22 || code === 0x5c) return false;
  }
  return true;
}

/** The first entries as a JSON list, and how many more there are. */
function listText(entries: Iterable<unknown>, size: number, depth: number): string {
  if (depth >= DEEPEST) return `"${size} entries"`;
  let text = '';
  let shown = 0;
  for (const entry of entries) {
    const isObject = typeof entry === 'object' && entry !== null;
    // Objects in the deepest list would be counted one by one.
    if (isObject && depth + 1 >= DEEPEST) return `"${size} entries"`;
    if (shown >= (isObject ? MOST_OBJECTS : MOST_ENTRIES)) {
      text += `,"${ELLIPSIS} ${size - shown} more"`;
      break;
    }
    const entryText = jsonText(entry, depth + 1);
    text = shown++ === 0 ? entryText : `${text},${entryText}`;
  }
  return `[${text}]`;
}

function objectText(value: object, depth: number): string {
  if (Array.isArray(value)) return listText(value, value.length, depth);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return fieldsText(value, depth);
  if (value instanceof Map) return pairsText(value, depth);
  if (value instanceof Set) return listText(value, value.size, depth);
  if (value instanceof Error) return stringText(`${value.name}: ${value.message}`);
  if (ArrayBuffer.isView(value)) return `"${value.constructor.name} of ${value.byteLength} bytes"`;
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON !== 'function') return stringText(`[${value.constructor.name}]`);
  return jsonText(toJSON.call(value), depth);
}

function fieldsText(value: object, depth: number): string {
  if (depth >= DEEPEST) return `"${Object.keys(value).length} fields"`;
  let text = '';
  let shown = 0;
  for (const key in value) {
    if (shown >= MOST_FIELDS) {
      text += `,"${ELLIPSIS}":"${Object.keys(value).length - MOST_FIELDS} more"`;
      break;
    }
    const field = valueText((value as Readonly<Record<string, unknown>>)[key], depth + 1);
    if (field === undefined) continue;
    text = shown++ === 0 ? `${stringText(key)}:${field}` : `${text},${stringText(key)}:${field}`;
  }
  return `{${text}}`;
}

function pairsText(pairs: ReadonlyMap<unknown, unknown>, depth: number): string {
  if (depth >= DEEPEST) return `"${pairs.size} entries"`;
  let text = '';
  let shown = 0;
  for (const [key, value] of pairs) {
    if (shown >= MOST_ENTRIES) {
      text += `,"${ELLIPSIS}":"${pairs.size - shown} more"`;
      break;
    }
    const field = `${stringText(String(key))}:${jsonText(value, depth + 1)}`;
    text = shown++ === 0 ? field : `${text},${field}`;
  }
  return `{${text}}`;
}
