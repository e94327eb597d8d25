/** Chunks under way at once: one is parsed while the node works on the next. */
const IN_FLIGHT = 2;

/** Cuts a list into pieces of at most `size`. */
export function chunksOf<T extends { readonly length: number; slice(start: number, end: number): T }>(
  list: T,
  size: number,
): T[] {
  const chunks: T[] = [];
  for (let start = 0; start < list.length; start += size) chunks.push(list.slice(start, start + size));
  return chunks;
}

/**
 * Works on the chunks in their order, at most two at a time, and resolves to the results in the same order. The first
 * failure ends the others (their signal fires) and is what the call rejects with, once none is under way any more.
 */
export async function forEachChunk<T, R>(
  chunks: readonly T[],
  signal: AbortSignal,
  work: (chunk: T, signal: AbortSignal) => Promise<R>,
): Promise<R[]> {
  const group = new AbortController();
  const giveUp = () => group.abort();
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();

  const results: R[] = [];
  const failures: unknown[] = [];
  const waiting = chunks.entries();
  const worker = async () => {
    // Both workers draw from the same iterator.
    for (const [i, chunk] of waiting) {
      try {
        results[i] = await work(chunk, group.signal);
      } catch (error) {
        failures.push(error);
        group.abort();
      }
      if (failures.length > 0) return;
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, chunks.length) }, worker));
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
  if (failures.length > 0) throw failures[0];
  return results;
}
