/** The journal of one life of the scheduler, in memory, segment by segment. */
import type { Clock, Journal } from '../../machines/ports.js';
import type { ClaimLedger } from '../../machines/rules/at-most-once.js';
import { slotAt, type ChainSpec } from '../../machines/rules/chain-time.js';
import type { Recording } from '../../services/data-directory/data-directory.js';
import { claimLine, claimsHeld, openedLine } from '../../services/data-directory/journal-lines.js';

export class RecordedLife implements Recording {
  #lines: string[] = [];
  readonly #segments: string[] = [];
  #bytes = 0;
  #claims: ClaimLedger | undefined;
  #snapshot: () => string = () => '';

  constructor(
    private readonly chain: ChainSpec,
    private readonly clock: Clock,
  ) {}

  /** Begins the first segment; the journal keeps what it is told, and passes it on. */
  open(claims: ClaimLedger, journal: Journal): Journal {
    this.#claims = claims;
    this.#open();
    return {
      report: (line) => this.#add(`${JSON.stringify(line)}\n`),
      claimed: (claim) => {
        this.#add(claimLine('claim', this.clock.now(), claim));
        journal.claimed(claim);
      },
      released: (claim) => {
        this.#add(claimLine('claim-released', this.clock.now(), claim));
        journal.released(claim);
      },
    };
  }

  record(line: string): void {
    this.#add(line);
  }

  beginWith(snapshot: () => string): void {
    this.#snapshot = snapshot;
  }

  /** Begins a new segment, with the machines as they are. */
  beginSegment(): void {
    this.#segments.push(this.#lines.join(''));
    this.#lines = [];
    this.#open();
    this.#add(this.#snapshot());
  }

  /** Held in memory until the life ends. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The journal so far. */
  segments(): readonly string[] {
    return [...this.#segments, this.#lines.join('')];
  }

  #open(): void {
    const { chain, clock } = this;
    const time = clock.now();
    const opened = { chain, recordFromSlot: 0, lostLines: 0, boot: null };
    this.#add(openedLine({ time, slot: slotAt(chain, time) }, opened));
    this.#add(claimsHeld(this.#claims!, chain, time));
  }

  #add(line: string): void {
    this.#lines.push(line);
    // Lines are ASCII.
    this.#bytes += line.length;
  }
}
