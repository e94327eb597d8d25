/** Thrown by {@link readBytes} and {@link readText}: the body is larger than allowed. */
export class BodyTooLargeError extends Error {
  override readonly name = 'BodyTooLargeError';
  constructor(readonly maxBytes: number) {
    super(`larger than ${maxBytes} bytes`);
  }
}

/**
 * Reads a response body. Throws {@link BodyTooLargeError} as soon as it exceeds `maxBytes`, and lets the rest of the
 * body go.
 */
export async function readBytes(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body) {
    size += part.byteLength;
    if (size > maxBytes) throw new BodyTooLargeError(maxBytes);
    parts.push(part);
  }
  return Buffer.concat(parts, size);
}

/** Reads a response body as UTF-8, as {@link readBytes} does. */
export async function readText(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> {
  return (await readBytes(body, maxBytes)).toString('utf8');
}
