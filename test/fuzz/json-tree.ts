/** JSON as a tree that can hold what `JSON.stringify` cannot write: keys twice, numbers of any size, text that is no JSON. */
export type JsonNode =
  /** As it stands in the text. */
  | { readonly kind: 'plain'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly JsonNode[] }
  | { readonly kind: 'object'; readonly members: readonly Member[] };

export type Member = readonly [key: string, value: JsonNode];

/** The tree of a text; undefined where it is no JSON. */
export function jsonTree(text: string): JsonNode | undefined {
  try {
    return treeOf(JSON.parse(text));
  } catch {
    return undefined;
  }
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
    case 'object':
      return `{${node.members.map(([key, value]) => `${JSON.stringify(key)}:${textOf(value)}`).join(',')}}`;
  }
}
