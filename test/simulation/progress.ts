import type { WriteStream } from 'node:tty';

const BAR_LENGTH = 30;
const PAUSE_MS = 100;
/** Without a terminal, a line for each of so many parts. */
const PLAIN_LINES = 10;

export interface Progress {
  at(epoch: number): void;
  end(): void;
}

/** A bar on a terminal; elsewhere a line now and then. */
export function progressOn(stream: WriteStream, epochs: number): Progress {
  const began = performance.now();
  let drawnAt = -Infinity;
  let part = 0;
  const text = (epoch: number) => {
    const perSecond = epoch / ((performance.now() - began) / 1000);
    return `epoch ${epoch} of ${epochs}, ${perSecond.toFixed(0)} epochs/s`;
  };
  return {
    at(epoch) {
      if (!stream.isTTY) {
        const now = Math.floor((PLAIN_LINES * epoch) / epochs);
        if (now > part) stream.write(`${text(epoch)}\n`);
        part = Math.max(part, now);
        return;
      }
      if (performance.now() - drawnAt < PAUSE_MS) return;
      drawnAt = performance.now();
      const done = Math.round((BAR_LENGTH * epoch) / epochs);
      stream.write(`\r\x1b[K${'█'.repeat(done)}${'░'.repeat(BAR_LENGTH - done)} ${text(epoch)}`);
    },
    end() {
      if (stream.isTTY) stream.write('\r\x1b[K');
    },
  };
}
