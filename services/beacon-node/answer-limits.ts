/**
 * How large an answer may be, in bytes. What is larger is refused unread: parsed, it would hold up the slot's work, or
 * fill the memory.
 */
export const ANSWER_LIMITS = {
  /** Answers of a few fields: sync status, genesis, attestation data, a root. */
  small: 64 * 1024,
  /** The spec, and one epoch's proposers: some ten kB. */
  medium: 1024 * 1024,
  /** Rows of those asked for, half a MB at most, and room for a node that names more than it was asked for. */
  rows: 8 * 1024 * 1024,
} as const;
