import { Worker } from 'node:worker_threads';
import type { AnyStateMachine } from 'xstate';
import type { ChartsReport } from '../../observability/reports.js';
import { statechartOf } from './statechart.js';

/** Draws machines as SVG, by their names, in a worker that ends when it is done. Rejects where it cannot. */
export function drawCharts(machines: readonly AnyStateMachine[]): Promise<ChartsReport> {
  const statecharts = Object.fromEntries(machines.map((machine) => [machine.root.id, statechartOf(machine)]));
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./chart-worker.js', import.meta.url), { workerData: statecharts });
    worker.unref();
    worker.once('message', (charts: ChartsReport) => {
      resolve(charts);
      void worker.terminate();
    });
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the charts were not drawn: exit code ${code}`)));
  });
}
