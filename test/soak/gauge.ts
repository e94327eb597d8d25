/**
 * Loaded into the command before itself (`--import`, with `--expose-gc`): whenever the parent asks over the channel, it
 * collects the garbage and tells what is left. It keeps nothing open and nothing alive.
 */

/** What the process holds, right after a collection. Bytes. */
export interface Held {
  readonly heap: number;
  /** Beside the heap: array buffers included. */
  readonly external: number;
  readonly rss: number;
  /** Handles and requests that keep the event loop alive. */
  readonly handles: number;
}

process.on('message', () => {
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  const handles = process.getActiveResourcesInfo().length;
  process.send?.({ heap: heapUsed, external, rss, handles } satisfies Held);
});
process.channel?.unref();
