import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HeadEvent } from '../../machines/ports.js';
import type { ScriptedDuty, ScriptedTable } from './scripted-node.js';

/** Of the recording: Lodestar 1.22, minimal preset, 3 s slots. */
export const RECORDED_CHAIN = {
  genesisTimeMs: 1_795_378_833_000,
  slotDurationMs: 3000,
  slotsPerEpoch: 8,
  validators: 32,
};

/** A duties answer that differs from the one before it, and when it was seen (unix ms). */
export interface RecordedTable {
  readonly at: number;
  readonly kind: 'attester' | 'proposer' | 'sync';
  readonly epoch: number;
  readonly table: ScriptedTable;
}

/** A head event and when it arrived (unix ms). */
export interface RecordedHead {
  readonly at: number;
  readonly head: HeadEvent;
}

interface Line {
  readonly at: number;
  readonly kind: RecordedTable['kind'];
  readonly epoch: number;
  readonly status: number;
  readonly dependent_root?: string;
  readonly body: { readonly data: readonly Record<string, string>[] };
}

/** The duties of node B, in the order of time. */
export function recordedTables(folder: string): RecordedTable[] {
  return readFileSync(join(folder, 'reorg/duties-node-b.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
    .filter(({ status }) => status === 200)
    .map(({ at, kind, epoch, dependent_root, body }) => {
      const duties = body.data.map((duty): ScriptedDuty => [
        Number(duty['slot'] ?? 0),
        Number(duty['validator_index']),
        Number(duty['committee_index'] ?? 0),
      ]);
      return { at: Math.round(at * 1000), kind, epoch, table: { root: dependent_root ?? '', duties } };
    });
}

/** The heads of node B, in the order of their arrival. */
export function recordedHeads(folder: string): RecordedHead[] {
  const lines = readFileSync(join(folder, 'reorg/sse-b.txt'), 'utf8').split('\n');
  return lines.flatMap((line) => {
    const match = /^(\d+\.\d+) data: (.*previous_duty_dependent_root.*)$/.exec(line);
    if (match === null) return [];
    const data = JSON.parse(match[2]!) as Record<string, string>;
    const head = {
      slot: Number(data['slot']),
      block: data['block']!,
      previousDutyDependentRoot: data['previous_duty_dependent_root']!,
      currentDutyDependentRoot: data['current_duty_dependent_root']!,
      epochTransition: Boolean(data['epoch_transition']),
      executionOptimistic: false,
    };
    return [{ at: Math.round(Number(match[1]) * 1000), head }];
  });
}
