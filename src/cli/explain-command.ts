import { explainFromJournal } from '../../services/explain/explain-journal.js';
import type { DutyExplanation, Explanation } from '../../services/explain/explanation.js';
import { ConfigurationError } from '../../services/chain-loader.js';
import type { CommandHost } from './command-host.js';
import { UsageError } from './usage-error.js';

/** The flags of `explain`, read. */
export interface ExplainSettings {
  readonly slot: number;
  readonly validator: number;
  readonly dataDir: string;
  readonly json: boolean;
}

/** Tells why a duty was, or was not, executed. Reads the journal only; a process that runs on it is not disturbed. */
export async function explainCommand(host: CommandHost, { dataDir, json, ...asked }: ExplainSettings): Promise<void> {
  let explanation: Explanation;
  try {
    explanation = await explainFromJournal(dataDir, asked);
  } catch (error) {
    throw error instanceof ConfigurationError ? new UsageError(error.message) : error;
  }
  host.stdout.write(json ? `${JSON.stringify(explanation, undefined, 2)}\n` : explanationText(explanation));
}

/** An explanation for a person: the duties there were with their life lines, then those there were not, with the reason. */
export function explanationText({ slot, epoch, validator, recorded, duties, gaps }: Explanation): string {
  const span = recorded === undefined ? 'is empty' : `holds slots ${recorded.from} to ${recorded.to}`;
  const there = duties.filter(({ verdict }) => verdict !== 'none');
  const absent = duties.filter(({ verdict }) => verdict === 'none');
  return [
    `Validator ${validator}, slot ${slot} (epoch ${epoch}). The journal ${span}.`,
    ...gaps.map((gap) => `Not all of it could be read: ${gap}.`),
    ...there.flatMap(lifeLine),
    ...(there.length > 0 && absent.length > 0 ? [''] : []),
    ...absent.flatMap(absenceLines),
    '',
  ].join('\n');
}

function lifeLine({ role, verdict, text, steps }: DutyExplanation): string[] {
  return ['', `${role}: ${text.startsWith(verdict) ? text : `${verdict}, ${text}`}`, ...steps.map(stepLine)];
}

function absenceLines({ role, text, steps }: DutyExplanation): string[] {
  return [`${role}: ${text}`, ...steps.map(stepLine)];
}

function stepLine({ time, offsetMs, text }: DutyExplanation['steps'][number]): string {
  const clock = new Date(time).toISOString().slice(11, 23);
  const offset = `${offsetMs < 0 ? '−' : '+'}${Math.abs(offsetMs)} ms`;
  return `  ${clock} ${offset.padStart(12)}  ${text}`;
}
