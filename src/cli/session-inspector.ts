import type { InspectionEvent } from 'xstate';
import type { Diagnostic } from '../../machines/rules/event-log.js';
import { InspectorError } from '../inspector/inspector-package.js';
import { createStatelyInspector, type StatelyInspector } from '../inspector/stately-inspector.js';
import type { InspectTarget } from './flags.js';
import { UsageError } from './usage-error.js';

/** The inspector of a command. */
export interface SessionInspector {
  readonly inspect: (event: InspectionEvent) => void;
  /** Says where to look, and from then on what becomes of the connections. */
  reportTo(tell: (diagnostic: Diagnostic) => void): void;
  stop(): Promise<void>;
}

/** Opens what `--inspect` asks for. Throws a {@link UsageError} where it cannot be had. */
export async function openInspector(target: InspectTarget): Promise<SessionInspector> {
  let tell: ((diagnostic: Diagnostic) => void) | undefined;
  const inspector = await created({ ...target, onDiagnostic: (diagnostic) => tell?.(diagnostic) });
  const { inspect, url } = inspector;
  return {
    inspect,
    stop: () => inspector.stop(),
    reportTo(listener) {
      tell = listener;
      if (url !== undefined) listener({ level: 'info', message: `inspector: open ${url} in a browser` });
    },
  };
}

async function created(options: Parameters<typeof createStatelyInspector>[0]): Promise<StatelyInspector> {
  try {
    return await createStatelyInspector(options);
  } catch (error) {
    throw error instanceof InspectorError ? new UsageError(`--inspect: ${error.message}`) : error;
  }
}
