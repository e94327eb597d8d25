/** Values as JSON that JSON alone cannot hold: typed arrays as base64, maps, sets, infinite numbers, errors. */
import { BeaconNodeError, type BeaconNodeErrorKind } from '../../machines/ports.js';

const ARRAYS = { u32: Uint32Array, u16: Uint16Array, u8: Uint8Array } as const;
type ArrayTag = keyof typeof ARRAYS;

/** Encodes what is no plain JSON; `undefined` where the value is, or where it is of a class of its own. */
export type Encode = (value: object) => unknown;
/** Decodes what an {@link Encode} made, by its tag. */
export type Decode = (tag: string, content: unknown) => unknown;

/**
 * Writes a value as JSON. Properties that are undefined are left out. Throws for what no JSON can hold.
 *
 * @param encode for objects of further classes; it comes first
 */
export function toJson(value: unknown, encode?: Encode): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, key, shown: unknown): unknown {
    // Not `shown`: a class may show a summary of itself as JSON.
    const held = this[key];
    if (typeof held === 'number') return Number.isFinite(held) ? held : { $number: String(held) };
    if (typeof held === 'function') return encode?.(held);
    if (typeof held !== 'object' || held === null) return shown;
    return encode?.(held) ?? encodeKnown(held) ?? held;
  });
}

function encodeKnown(value: object): unknown {
  if (value instanceof Map) return { $map: [...(value as Map<unknown, unknown>)] };
  if (value instanceof Set) return { $set: [...(value as Set<unknown>)] };
  if (value instanceof BeaconNodeError) {
    const { kind, message, status } = value;
    return { $nodeError: { kind, message, status } };
  }
  if (value instanceof Error) return { $error: value.message };
  for (const [tag, type] of Object.entries(ARRAYS)) if (value instanceof type) return { [`$${tag}`]: base64(value) };
  return undefined;
}

function base64({ buffer, byteOffset, byteLength }: Uint32Array | Uint16Array | Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

/**
 * Brings back what {@link toJson} wrote, from what `JSON.parse` made of it. Throws a `TypeError` for a tag that is not known.
 *
 * @param decode for tags of further classes; it comes first
 */
export function fromJson(value: unknown, decode?: Decode): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((member: unknown) => fromJson(member, decode));
  const entries: [string, unknown][] = Object.entries(value);
  const [first] = entries;
  if (entries.length === 1 && first?.[0].startsWith('$')) {
    const tag = first[0].slice(1);
    const content = isArrayTag(tag) ? first[1] : fromJson(first[1], decode);
    return decode?.(tag, content) ?? decodeKnown(tag, content);
  }
  return Object.fromEntries(entries.map(([key, member]) => [key, fromJson(member, decode)]));
}

function decodeKnown(tag: string, content: unknown): unknown {
  if (isArrayTag(tag)) return arrayFrom(tag, content);
  switch (tag) {
    case 'number':
      return Number(content);
    case 'map':
      return new Map(content as [unknown, unknown][]);
    case 'set':
      return new Set(content as unknown[]);
    case 'error':
      return new Error(content as string);
    case 'nodeError': {
      const { kind, message, status } = content as { kind: BeaconNodeErrorKind; message: string; status?: number };
      return new BeaconNodeError(kind, message, status);
    }
    default:
      throw new TypeError(`a value of the unknown kind ${tag}`);
  }
}

function isArrayTag(tag: string): tag is ArrayTag {
  return Object.hasOwn(ARRAYS, tag);
}

function arrayFrom(tag: ArrayTag, text: unknown): Uint32Array | Uint16Array | Uint8Array {
  // An object with a length would be taken for a list of that many bytes.
  if (typeof text !== 'string') throw new TypeError(`a column (${tag}) that is no base64`);
  // Copied: a slice of Node's pool need not begin where a word may.
  const bytes = Uint8Array.from(Buffer.from(text, 'base64'));
  const type = ARRAYS[tag];
  return new type(bytes.buffer, 0, bytes.byteLength / type.BYTES_PER_ELEMENT);
}
