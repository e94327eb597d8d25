/**
 * Loaded into the command before itself (`--import`). The parent may step the clock, `{ stepMs }`; it is told, `{ lagMs }`,
 * when the process got no processor for a while. It keeps nothing alive.
 */
import { performance } from 'node:perf_hooks';

const LOOK_MS = 20;
/** A gap is the machine's doing when the process itself has computed for less than this part of it. */
const OWN_WORK = 0.5;

const RealDate = Date;
let steppedMs = 0;

globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + steppedMs);
    else super(...args);
  }

  static now() {
    return RealDate.now() + steppedMs;
  }
};

process.on('message', ({ stepMs }) => (steppedMs += stepMs));
// Nobody is left behind where the parent is killed.
process.once('disconnect', () => process.exit(1));
process.channel?.unref();

let last = performance.now();
let used = process.cpuUsage();
setInterval(() => {
  const now = performance.now();
  const lagMs = now - last - LOOK_MS;
  const { user, system } = process.cpuUsage(used);
  if (lagMs > LOOK_MS && (user + system) / 1000 < OWN_WORK * lagMs) process.send?.({ lagMs });
  last = now;
  used = process.cpuUsage();
}, LOOK_MS).unref();
