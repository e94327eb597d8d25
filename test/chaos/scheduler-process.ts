import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { endOf, type Child, type ChildCommands } from '../support/child-commands.js';

/** Loaded into the command: beside this file. */
const INSIDE = join(import.meta.dirname, 'inside-command.mjs');
const KEPT_STDERR = 20_000;

/** A line of the event log, and when it was heard (unix ms, by a clock that nobody steps). */
export interface HeardLine {
  readonly heardAt: number;
  readonly text: string;
  readonly type: string;
  readonly slot: number;
  readonly role?: string;
  /** Of a line about duties. */
  readonly validators?: readonly number[];
  readonly reason?: string;
  readonly trigger?: string;
}

/** From when to when, unix ms. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The command under chaos: its event log, and what can be done to its machine. */
export class SchedulerProcess {
  readonly lines: HeardLine[] = [];
  /** When it got no processor, by its own account. */
  readonly starved: Span[] = [];
  stderr = '';
  /** It ended without being asked to. */
  ended = false;
  readonly #child: Child;
  #rest = '';
  #stalls = 0;
  #fullDisks = 0;

  constructor(commands: ChildCommands, args: readonly string[]) {
    this.#child = commands.start(args, { node: ['--import', INSIDE], ipc: true });
    this.#child.stdout.on('data', (text: string) => this.#hear(text));
    this.#child.stderr.on('data', (text: string) => (this.stderr = (this.stderr + text).slice(-KEPT_STDERR)));
    this.#child.on('message', (message) => {
      const to = Date.now();
      this.starved.push({ from: to - (message as { lagMs: number }).lagMs, to });
    });
    this.#child.once('exit', () => (this.ended = true));
  }

  /** Stops the whole process for a while; the returned function lets it go on. */
  stall(): () => void {
    if (this.#stalls++ === 0) this.#child.kill('SIGSTOP');
    return () => {
      if (--this.#stalls === 0) this.#child.kill('SIGCONT');
    };
  }

  /** Sets its clock ahead by so many ms (negative: back); the returned function undoes that. */
  stepClock(stepMs: number): () => void {
    this.#child.send({ stepMs });
    return () => void this.#child.send({ stepMs: -stepMs });
  }

  /** No file can be written any more, as on a full disk; the returned function makes room. */
  fillDisk(): () => void {
    if (this.#fullDisks++ === 0) this.#limitFiles('0');
    return () => {
      if (--this.#fullDisks === 0) this.#limitFiles('unlimited');
    };
  }

  /** Asks it to stop; the exit code. */
  stop(): Promise<number | null> {
    return endOf(this.#child, 'SIGTERM');
  }

  #limitFiles(limit: string): void {
    if (!this.ended) execFileSync('prlimit', ['--pid', String(this.#child.pid), `--fsize=${limit}:`]);
  }

  #hear(text: string): void {
    const heardAt = Date.now();
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) this.lines.push({ ...(JSON.parse(line) as HeardLine), heardAt, text: line });
  }
}
