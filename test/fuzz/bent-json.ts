/** JSON with something wrong in its structure. */
import { plain, type JsonNode, type Member } from './json-tree.js';
import type { SeededRandom } from './seeded-random.js';

/** Keys that have meant more to a program than its author thought. */
const KEYS = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'length', 'then', 'toJSON', ''];
/** Values that have broken parsers before. */
const VALUES = [
  ...['null', 'true', 'false', '[]', '{}', '[[]]', '""', '"\\u0000"', '"\\ud800"', '"NaN"', '"Infinity"', '"-1"'],
  ...['0', '-0', '-1', '1.5', '1e3', '1e308', '1e999', '-1e999', '9007199254740991', '9007199254740993', '5e-324'],
  ...['4294967295', '4294967296', '65535', '65536', '18446744073709551615', '"18446744073709551615"', '"1e3"', '" 1"'],
  ...[
    '"0x"',
    '"0x0"',
    '"0X1F"',
    '"0xffffffffffffff"',
    '"１"',
    '"constructor"',
    '"__proto__"',
    '{"__proto__":{"polluted":1}}',
  ],
  ...['{"constructor":{"prototype":{"polluted":1}}}', '{"length":4294967296}', '{"toString":null}', '{"$map":[[1]]}'],
  ...['{"$set":5}', '{"$u32":"AAAA"}', '{"$error":{}}', '{"$nodeError":null}', '{"$number":"NaN"}', '{"$same":0}'],
];
const DEPTHS = [10, 1000, 12_000];
const LONGEST_TEXT = 3000;

/** The tree with one thing changed somewhere in it. */
export function bentJson(node: JsonNode, random: SeededRandom): JsonNode {
  // The deeper, the fewer there are: one of three steps ends here.
  if (node.kind === 'plain' || random.once(3)) return bentHere(node, random);
  if (node.kind === 'list' || node.kind === 'lines') {
    if (node.items.length === 0) return bentHere(node, random);
    const at = random.below(node.items.length);
    return { kind: node.kind, items: node.items.with(at, bentJson(node.items[at]!, random)) };
  }
  if (node.members.length === 0) return bentHere(node, random);
  const at = random.below(node.members.length);
  const [key, value] = node.members[at]!;
  return { kind: 'object', members: node.members.with(at, [key, bentJson(value, random)]) };
}

function bentHere(node: JsonNode, random: SeededRandom): JsonNode {
  if (node.kind !== 'lines' && random.once(3)) return oddValue(random);
  switch (node.kind) {
    case 'plain':
      return bentScalar(node.text, random);
    case 'list':
    case 'lines':
      return { kind: node.kind, items: bentList(node.items, random, () => oddValue(random)) };
    case 'object':
      return { kind: 'object', members: bentMembers(node.members, random) };
  }
}

/** A value of another type, of another size, or of another depth. */
function oddValue(random: SeededRandom): JsonNode {
  switch (random.below(40)) {
    case 0: {
      const depth = random.pick(DEPTHS);
      const [open, close] = random.pick([
        ['[', ']'],
        ['{"a":', '}'],
      ] as const);
      return plain(`${open.repeat(depth)}1${close.repeat(depth)}`);
    }
    case 1:
      return plain(`"${random.pick(['a', '0', '9', '0x', '\\n', '€', '\\ud83d']).repeat(random.size(LONGEST_TEXT))}"`);
    case 2:
      return plain('9'.repeat(1 + random.size(400)));
    case 3:
      return plain(`[${'0,'.repeat(random.size(1000))}0]`);
    case 4:
      return plain(String(random.word()));
    default:
      return plain(random.pick(VALUES));
  }
}

/** A text for a number, a number for a text, a character more or less. */
function bentScalar(text: string, random: SeededRandom): JsonNode {
  const isText = text.startsWith('"');
  const inner = isText ? text.slice(1, -1) : text;
  switch (random.below(5)) {
    case 0:
      return plain(isText && /^-?\d+$/.test(inner) ? inner : JSON.stringify(inner));
    case 1:
      return plain(JSON.stringify(inner.slice(0, random.below(inner.length + 1))));
    case 2:
      return plain(JSON.stringify(inner + random.pick(['0', ' ', '-', 'e9', '\n', 'g'])));
    case 3:
      return plain(isText ? JSON.stringify(String(random.size(0x7fffffff))) : String(random.size(0x7fffffff)));
    default:
      return plain(isText ? JSON.stringify(inner.toUpperCase()) : `-${inner}`);
  }
}

function bentList<T>(items: readonly T[], random: SeededRandom, other: () => T): T[] {
  const at = random.below(items.length + 1);
  switch (random.below(5)) {
    case 0:
      return items.toSpliced(at, 1);
    case 1:
      return items.toSpliced(at, 0, other());
    case 2:
      return items.length === 0 ? [other()] : items.toSpliced(at, 0, random.pick(items));
    case 3:
      return items.slice(0, at);
    default:
      return items.toReversed();
  }
}

function bentMembers(members: readonly Member[], random: SeededRandom): Member[] {
  if (members.length === 0 || random.once(4)) return [...members, [random.pick(KEYS), oddValue(random)]];
  const at = random.below(members.length);
  const [key, value] = members[at]!;
  switch (random.below(4)) {
    case 0:
      return members.toSpliced(at, 1);
    // The same key twice, of which the last counts.
    case 1:
      return [...members, [key, oddValue(random)]];
    case 2:
      return members.with(at, [random.pick(KEYS), value]);
    default:
      return bentList(members, random, () => [random.pick(KEYS), oddValue(random)]);
  }
}
