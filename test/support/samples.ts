import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const REPOSITORY = resolve(import.meta.dirname, '../..');

/**
 * Folder with the recorded traffic of real nodes: from the variable SSV_SAMPLES, else beside the repository.
 * Undefined where it is missing: such tests skip, and {@link SAMPLES_MISSING} says why.
 */
export function samplesFolder(): string | undefined {
  const folder = process.env['SSV_SAMPLES'] ?? resolve(REPOSITORY, '../shared/samples');
  return existsSync(join(folder, 'README.md')) ? folder : undefined;
}

export const SAMPLES_MISSING = 'the recorded traffic is missing: set SSV_SAMPLES to its folder';

/** A recorded HTTP answer. */
export interface RecordedAnswer {
  readonly name: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Every `NAME.json` of a folder with the headers recorded beside it (200 and no headers where there are none). */
export function recordedAnswers(folder: string): RecordedAnswer[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => {
      const name = file.slice(0, -'.json'.length);
      const headerFile = join(folder, `${name}.headers.txt`);
      const head = existsSync(headerFile) ? readFileSync(headerFile, 'utf8') : 'HTTP/1.1 200 OK';
      return { name, ...parseHead(head), body: readFileSync(join(folder, file)) };
    });
}

/** The bytes of a recorded event stream, without the arrival times that some recordings have before each line. */
export function recordedStream(file: string): string {
  return readFileSync(file, 'utf8').replace(/^\d{10}\.\d{3} /gm, '');
}

// Content-Length is left out: some bodies were shortened after the recording.
const OF_THE_CONNECTION = ['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'date'];

function parseHead(head: string): Pick<RecordedAnswer, 'status' | 'headers'> {
  const [statusLine = '', ...lines] = head.split(/\r?\n/);
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).toLowerCase();
    if (name !== '' && !OF_THE_CONNECTION.includes(name)) headers[name] = line.slice(colon + 1).trim();
  }
  return { status: Number(statusLine.split(' ')[1]), headers };
}
