/**
 * Loaded into the command before itself (`--import`, with `--expose-gc`): whenever the parent asks over the channel, it
 * collects the garbage and tells what is left. It keeps nothing open and nothing alive.
 */

import { getHeapCodeStatistics } from 'node:v8';

/** What the process holds, right after a collection. Bytes. */
export interface Held {
  readonly heap: number;
  /** Compiled code, part of the heap: V8 goes on compiling for long. */
  readonly code: number;
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
  const { code_and_metadata_size: machineCode, bytecode_and_metadata_size: byteCode } = getHeapCodeStatistics();
  process.send?.({ heap: heapUsed, code: machineCode + byteCode, external, rss, handles } satisfies Held);
});
// Nobody is left behind where the parent is killed.
process.once('disconnect', () => process.exit(1));
process.channel?.unref();
