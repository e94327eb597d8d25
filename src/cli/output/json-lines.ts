import type { EventLine } from '../../../machines/rules/event-log.js';
import type { TextStream } from './text-stream.js';

/** What waits for a reader that has stopped reading may not fill the memory. */
const MOST_PENDING_BYTES = 64 * 1024 * 1024;

/** Writes lines of the event log as JSON, one object per line. Never blocks: a slow reader delays no duty. */
export class JsonLines {
  #dropped = 0;

  constructor(
    private readonly stream: TextStream,
    private readonly warn: (message: string) => void,
  ) {}

  write(line: EventLine): void {
    if ((this.stream.writableLength ?? 0) > MOST_PENDING_BYTES) {
      if (this.#dropped++ === 0) this.warn('stdout is not read: lines of the event log are lost from here on');
      return;
    }
    if (this.#dropped > 0) this.warn(`stdout is read again; ${this.#dropped} lines of the event log were lost`);
    this.#dropped = 0;
    this.stream.write(`${JSON.stringify(line)}\n`);
  }
}
