import type { Check } from './check.js';

/** No actor crashes: a role that does is restarted and says so, but in a sound scheduler none ever has to. */
export const nothingCrashes: Check = (_world, violate) => ({
  crashed: (message) => violate(message),
});
