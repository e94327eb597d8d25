import type { Journal } from '../../machines/ports.js';
import { ClaimLedger, type Claim } from '../../machines/rules/at-most-once.js';
import type { Slot } from '../../machines/rules/chain-time.js';

/** The journal of the data directory, in memory: what was claimed outlives a restart. */
export class MemoryJournal implements Journal {
  #entries: { readonly what: 'claim' | 'release'; readonly claim: Claim }[] = [];

  report(): void {
    // Lines of the event log are looked at where they are told.
  }

  claimed(claim: Claim): void {
    this.#entries.push({ what: 'claim', claim });
  }

  released(claim: Claim): void {
    this.#entries.push({ what: 'release', claim });
  }

  /** What a new process knows of the one before. */
  restore(): ClaimLedger {
    const ledger = new ClaimLedger();
    for (const { what, claim } of this.#entries) {
      if (what === 'claim') ledger.claim(claim);
      else ledger.release(claim);
    }
    return ledger;
  }

  forgetBefore(slot: Slot): void {
    this.#entries = this.#entries.filter(({ claim }) => claim.slot >= slot);
  }
}
