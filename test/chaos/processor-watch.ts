import type { Span } from './scheduler-process.js';

const LOOK_MS = 20;
/** A gap this long and longer is noted. */
const GAP_MS = 60;

/** Notes when this process, with the chain in it, got no turn; the returned function ends that. */
export function watchProcessor(): { stop(): readonly Span[] } {
  const gaps: Span[] = [];
  let last = Date.now();
  const timer = setInterval(() => {
    const now = Date.now();
    if (now - last > GAP_MS) gaps.push({ from: last, to: now });
    last = now;
  }, LOOK_MS);
  return {
    stop() {
      clearInterval(timer);
      return gaps;
    },
  };
}
