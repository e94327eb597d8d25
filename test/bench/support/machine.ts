import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os';

/** The machine, its load and the date, in one line. */
export function describeMachine(): string {
  const processors = cpus();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  const date = new Date().toISOString().slice(0, 10);
  const load = loadavg()[0]!.toFixed(1);
  const model = processors[0]?.model.trim() ?? 'unknown processor';
  const system = `${platform()} ${release()} ${arch()}`;
  return `${date}: ${processors.length} × ${model}, ${gigabytes} GB, ${system}, Node ${process.version}, load ${load} at the start`;
}
