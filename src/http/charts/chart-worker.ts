/** Draws charts in a thread of its own: a layout takes longer than a duty may wait. */
import { parentPort, workerData } from 'node:worker_threads';
import { render, type IStateMachine } from 'state-machine-cat';
import type { ChartsReport } from '../../observability/reports.js';

const charts: Record<string, string> = {};
for (const [name, statechart] of Object.entries(workerData as Readonly<Record<string, IStateMachine>>)) {
  charts[name] = await render(JSON.stringify(statechart), {
    inputType: 'json',
    // Not `svg`: that one starts a program where the machine has one.
    outputType: 'oldsvg',
    direction: 'left-right',
    dotGraphAttrs: [{ name: 'bgcolor', value: 'transparent' }],
  });
}
parentPort!.postMessage(charts satisfies ChartsReport);
