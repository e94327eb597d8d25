/** JSON as a tree that can hold what `JSON.stringify` cannot write: keys twice, numbers of any size, text that is no JSON. */
export type JsonNode =
  /** As it stands in the text. */
  | { readonly kind: 'plain'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly JsonNode[] }
  /** One after the other, each with its newline. */
  | { readonly kind: 'lines'; readonly items: readonly JsonNode[] }
  | { readonly kind: 'object'; readonly members: readonly Member[] };

export type Member = readonly [key: string, value: JsonNode];

/** The tree of a text, or of one that is JSON line by line; undefined where it is neither. */
export function jsonTree(text: string): JsonNode | undefined {
  return parsed(text) ?? linesOf(text);
}

function parsed(text: string): JsonNode | undefined {
  try {
    return treeOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function linesOf(text: string): JsonNode | undefined {
  if (!text.endsWith('\n')) return undefined;
  const items = text.slice(0, -1).split('\n').map(parsed);
  return items.every((item) => item !== undefined) ? { kind: 'lines', items } : undefined;
}

function treeOf(value: unknown): JsonNode {
  if (Array.isArray(value)) return { kind: 'list', items: value.map(treeOf) };
  if (typeof value !== 'object' || value === null) return plain(JSON.stringify(value));
  return { kind: 'object', members: Object.entries(value).map(([key, member]): Member => [key, treeOf(member)]) };
}

export function plain(text: string): JsonNode {
  return { kind: 'plain', text };
}

/** The text of a tree. */
export function textOf(node: JsonNode): string {
  switch (node.kind) {
    case 'plain':
      return node.text;
    case 'list':
      return `[${node.items.map(textOf).join(',')}]`;
    case 'lines':
      return node.items.map((item) => `${textOf(item)}\n`).join('');
    case 'object':
      return `{${node.members.map(([key, value]) => `${JSON.stringify(key)}:${textOf(value)}`).join(',')}}`;
  }
}
