/** Thrown by {@link atMost} and {@link readText}: the body is larger than allowed. */
export class BodyTooLargeError extends Error {
  override readonly name = 'BodyTooLargeError';
  constructor(readonly maxBytes: number) {
    super(`larger than ${maxBytes} bytes`);
  }
}

/** The parts of a response body. Throws {@link BodyTooLargeError} as soon as it exceeds `maxBytes`, and lets the rest of it go. */
export async function* atMost(
  maxBytes: number,
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  let size = 0;
  for await (const part of body) {
    size += part.byteLength;
    if (size > maxBytes) throw new BodyTooLargeError(maxBytes);
    yield part;
  }
}

/** Reads a response body as UTF-8; throws as {@link atMost} does. */
export async function readText(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of atMost(maxBytes, body)) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}
