/** Cuts a JSON list that comes in chunks into pieces at its own commas. Each byte is looked at once, nothing is parsed. */

const QUOTE = 34;
const COMMA = 44;
const OPENING_BRACKET = 91;
const BACKSLASH = 92;
const CLOSING_BRACKET = 93;
const OPENING_BRACE = 123;
const CLOSING_BRACE = 125;

export class ListPieces {
  readonly #pieceBytes: number;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #depth = 0;
  #inText = false;
  /** The chunk before ended within a text, after a backslash that is no character by itself. */
  #escaping = false;
  #isOver = false;

  /** @param pieceBytes a piece ends with the first item at or behind so many bytes */
  constructor(pieceBytes: number) {
    this.#pieceBytes = pieceBytes;
  }

  /** Whether the bracket that closes the list has come: what is left is what stands behind it, the bracket included. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** What belongs to no complete piece: the last one of the list, or what stands behind the list. */
  takeRest(): Buffer {
    const rest = Buffer.concat(this.#held, this.#heldBytes);
    this.#held = [];
    this.#heldBytes = 0;
    return rest;
  }

  /** The pieces that are complete with a chunk, without the commas between them; the last one when the list is over. */
  *add(chunk: Buffer): Generator<Buffer, void, void> {
    for (let from = 0; from < chunk.length;) {
      const end = this.#isOver ? chunk.length : this.#endOfPiece(chunk, from);
      this.#hold(chunk.subarray(from, end));
      if (end === chunk.length) return;
      this.#isOver = chunk[end] !== COMMA;
      yield this.takeRest();
      from = this.#isOver ? end : end + 1;
    }
  }

  #hold(bytes: Buffer): void {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
  }

  /** Place of the comma that ends a piece, of the end of the list, or of the end of the chunk. */
  #endOfPiece(chunk: Buffer, from: number): number {
    const enough = from + this.#pieceBytes - this.#heldBytes;
    for (let at = from; at < chunk.length; at++) {
      if (this.#inText) {
        at = this.#endOfText(chunk, at);
        continue;
      }
      switch (chunk[at]) {
        case QUOTE:
          this.#inText = true;
          break;
        case OPENING_BRACE:
        case OPENING_BRACKET:
          this.#depth++;
          break;
        case CLOSING_BRACE:
        case CLOSING_BRACKET:
          if (this.#depth === 0) return at;
          this.#depth--;
          break;
        case COMMA:
          if (this.#depth === 0 && at >= enough) return at;
      }
    }
    return chunk.length;
  }

  /** Place of the quote that ends the text in which `from` is, or of the end of the chunk. */
  #endOfText(chunk: Buffer, from: number): number {
    // A character after a backslash ends nothing.
    let start = this.#escaping ? from + 1 : from;
    this.#escaping = false;
    for (;;) {
      const quote = chunk.indexOf(QUOTE, start);
      const end = quote < 0 ? chunk.length : quote;
      let before = end;
      while (before > start && chunk[before - 1] === BACKSLASH) before--;
      const isEscaped = (end - before) % 2 === 1;
      if (quote < 0) this.#escaping = isEscaped;
      else if (!isEscaped) this.#inText = false;
      if (quote < 0 || !isEscaped) return end;
      start = end + 1;
    }
  }
}
