import type { CDPSession } from 'playwright-core';

/** What a heap snapshot of the page holds, taken after a collection. Bytes are those of the objects themselves. */
export interface HeapContent {
  /** Objects, arrays, functions, texts and numbers of the page's scripts. */
  readonly scriptBytes: number;
  /** Compiled code and what the engine has learnt for it; it grows while paths get warm. */
  readonly codeBytes: number;
  /** What the browser keeps for the page: nodes, styles, drawing, requests. */
  readonly browserBytes: number;
  /** Event streams that are open, or that scripts still hold. */
  readonly streams: number;
}

/** What DevTools keep of each request for as long as they look on, and records of which the browser keeps the last few hundred. */
const OF_NO_CONCERN = /NetworkResourcesData|^(Performance|LayoutShift|DOMRectReadOnly)/;

interface Snapshot {
  readonly snapshot: { readonly meta: { readonly node_fields: string[]; readonly node_types: [string[]] } };
  /** Nodes one after the other, so many numbers each. */
  readonly nodes: number[];
  readonly strings: string[];
}

/** Takes a heap snapshot and adds up what is in it. */
export async function heapContent(devTools: CDPSession): Promise<HeapContent> {
  const parts: string[] = [];
  const take = ({ chunk }: { chunk: string }) => parts.push(chunk);
  devTools.on('HeapProfiler.addHeapSnapshotChunk', take);
  await devTools.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  devTools.off('HeapProfiler.addHeapSnapshotChunk', take);
  const { snapshot, nodes, strings } = JSON.parse(parts.join('')) as Snapshot;
  const { node_fields: fields, node_types: types } = snapshot.meta;
  const [type, name, size] = ['type', 'name', 'self_size'].map((field) => fields.indexOf(field));
  const content = { scriptBytes: 0, codeBytes: 0, browserBytes: 0, streams: 0 };
  for (let node = 0; node < nodes.length; node += fields.length) {
    const bytes = nodes[node + size!]!;
    switch (types[0][nodes[node + type!]!]) {
      case 'synthetic':
        break;
      case 'code':
      case 'object shape':
        content.codeBytes += bytes;
        break;
      case 'native': {
        const named = strings[nodes[node + name!]!]!;
        if (named === 'EventSource') content.streams++;
        if (!OF_NO_CONCERN.test(named)) content.browserBytes += bytes;
        break;
      }
      default:
        content.scriptBytes += bytes;
    }
  }
  return content;
}
