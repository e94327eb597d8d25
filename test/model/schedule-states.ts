/**
 * The schedule states of a role (DESIGN, "XState, as measured"): each names the most urgent open need. A spec provides the guards
 * `isStale`, `isWithout` and `isFetching`.
 */
export const SCHEDULE_STATES = {
  'warming-up': {
    always: [
      { guard: 'isStale', target: 'refetching-after-reorg' },
      { guard: 'isWithout' },
      { guard: 'isFetching', target: 'fetching-next' },
      { target: 'scheduled' },
    ],
  },
  scheduled: {
    always: [
      { guard: 'isStale', target: 'refetching-after-reorg' },
      { guard: 'isWithout', target: 'warming-up' },
      { guard: 'isFetching', target: 'fetching-next' },
    ],
  },
  'fetching-next': {
    always: [
      { guard: 'isStale', target: 'refetching-after-reorg' },
      { guard: 'isWithout', target: 'warming-up' },
      { guard: 'isFetching' },
      { target: 'scheduled' },
    ],
  },
  'refetching-after-reorg': {
    always: [
      { guard: 'isStale' },
      { guard: 'isWithout', target: 'warming-up' },
      { guard: 'isFetching', target: 'fetching-next' },
      { target: 'scheduled' },
    ],
  },
} as const;
