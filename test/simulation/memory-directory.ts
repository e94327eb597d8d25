import type { Journal } from '../../machines/ports.js';
import { ClaimLedger, type Claim } from '../../machines/rules/at-most-once.js';
import type { Slot } from '../../machines/rules/chain-time.js';
import type { DataDirectory } from '../../services/data-directory/data-directory.js';
import type { RecordedLife } from './recorded-life.js';

/** The data directory, in memory: what was claimed outlives a restart. */
export class MemoryDirectory implements Journal {
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

  /** As a new process opens it: it knows every claim of those before. */
  open(alter: (restored: ClaimLedger) => ClaimLedger = (restored) => restored, recorded?: RecordedLife): DataDirectory {
    const ledger = new ClaimLedger();
    for (const { what, claim } of this.#entries) {
      if (what === 'claim') ledger.claim(claim);
      else ledger.release(claim);
    }
    const claims = alter(ledger);
    return {
      journal: recorded?.open(claims, this) ?? this,
      recording: recorded,
      claims,
      recordFromSlot: 0,
      findings: [],
      writable: true,
      close: () => Promise.resolve(),
    };
  }

  forgetBefore(slot: Slot): void {
    this.#entries = this.#entries.filter(({ claim }) => claim.slot >= slot);
  }
}
