import { pino, type Logger } from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { Diagnostic } from '../../machines/rules/event-log.js';
import type { TextStream } from './output/text-stream.js';

/** Says what is no decision of the scheduler: for people, on stderr. */
export class DiagnosticsLog {
  readonly #logger: Logger;

  /** Lines are written at once, in this very turn, so that none is lost when the process ends. */
  constructor(sink: Pick<TextStream, 'write'>, colours: boolean) {
    const pretty = prettyFactory({
      colorize: colours,
      ignore: 'pid,hostname',
      translateTime: 'SYS:HH:MM:ss.l',
      singleLine: true,
    });
    this.#logger = pino({ base: null }, { write: (line: string) => sink.write(pretty(line) ?? '') });
  }

  say({ level, message }: Diagnostic): void {
    this.#logger[level](withoutControls(message));
  }
}

/** A foreign text may hold anything; on a terminal and in a log it is one line. */
export function withoutControls(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu, ' ').trim();
}
