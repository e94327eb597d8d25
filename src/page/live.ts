/** What the server says, kept fresh while somebody looks. What is kept is what was said last, so that memory stays as it is. */
import type { NowReport } from '../observability/reports.js';

/** Events come in bursts; one question answers them all. */
const SETTLE_MS = 120;
const LONGEST_SILENCE_MS = 5000;

/** Asks the API. Rejects with what the server says is wrong. */
export async function ask<T>(path: string): Promise<T> {
  const response = await fetch(path, { headers: { accept: 'application/json' }, signal: AbortSignal.timeout(8000) });
  const body = (await response.json()) as T & { error?: string };
  if (!response.ok) throw new Error(body.error ?? `${path}: HTTP ${response.status}`);
  return body;
}

/** Does something soon after it is asked for, once for all that asked meanwhile, never twice at a time. */
export class Settled {
  #timer: number | undefined;
  #busy = false;
  #again = false;

  constructor(
    private readonly act: () => Promise<void>,
    private readonly afterMs = SETTLE_MS,
  ) {}

  request(): void {
    if (this.#busy) this.#again = true;
    else this.#timer ??= setTimeout(() => void this.#run(), this.afterMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#again = false;
  }

  async #run(): Promise<void> {
    this.#timer = undefined;
    this.#busy = true;
    await this.act();
    this.#busy = false;
    if (!this.#again) return;
    this.#again = false;
    this.request();
  }
}

export interface LiveState {
  readonly now: NowReport | undefined;
  /** Ms that the server's clock is ahead of this one's. */
  readonly clockAheadMs: number;
  readonly connected: boolean;
}

/** Follows the server: `changed` is called with every new state. */
export function follow(changed: (state: LiveState) => void): void {
  let state: LiveState = { now: undefined, clockAheadMs: 0, connected: false };
  const update = (part: Partial<LiveState>) => changed((state = { ...state, ...part }));
  const refresh = new Settled(async () => {
    try {
      const now = await ask<NowReport>('/api/now');
      update({ now, clockAheadMs: now.time - Date.now(), connected: true });
    } catch {
      update({ connected: false });
    }
  });
  const events = new EventSource('/api/events');
  for (const type of ['line', 'tick', 'head', 'open']) events.addEventListener(type, () => refresh.request());
  events.addEventListener('error', () => {
    update({ connected: false });
    // A stream that was refused is not opened again by itself.
    if (events.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), LONGEST_SILENCE_MS);
  });
  setInterval(() => refresh.request(), LONGEST_SILENCE_MS);
  refresh.request();
}
