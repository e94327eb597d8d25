const LF = 10;
const CR = 13;

/**
 * Counts the bytes of each event in an event stream (WHATWG HTML § 9.2.6: an event ends with an empty line, a line
 * with LF, CR or CRLF), so that an endless one is noticed before it fills the memory.
 */
export class SseEventMeter {
  #eventBytes = 0;
  #lineBytes = 0;
  #previous = 0;

  /** Takes the next bytes of the stream; returns the size of the largest event seen in them, complete or not. */
  largestAfter(chunk: Uint8Array): number {
    let largest = 0;
    for (const byte of chunk) {
      if (byte === LF || byte === CR) {
        const endsCrLf = byte === LF && this.#previous === CR;
        if (this.#lineBytes === 0 && !endsCrLf) this.#eventBytes = 0;
        this.#lineBytes = 0;
      } else {
        this.#lineBytes++;
        this.#eventBytes++;
        if (this.#eventBytes > largest) largest = this.#eventBytes;
      }
      this.#previous = byte;
    }
    return largest;
  }
}
