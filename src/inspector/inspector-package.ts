import type { createInspector } from '@statelyai/inspect';

/** The package that knows the Stately inspector's protocol: an optional peer, for whoever wants to look. */
const PACKAGE = '@statelyai/inspect';

/** The inspector cannot be had: its package is missing, or its port is taken. The message is one line. */
export class InspectorError extends Error {
  override readonly name = 'InspectorError';
}

/** What of the package is used. */
export interface InspectorPackage {
  readonly createInspector: typeof createInspector;
}

/** Loads the optional peer. Rejects with an {@link InspectorError} that names what to install. */
export async function loadInspectorPackage(
  load: () => Promise<InspectorPackage> = () => import('@statelyai/inspect'),
): Promise<InspectorPackage> {
  try {
    return await load();
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
    throw new InspectorError(
      isMissing
        ? `the package ${PACKAGE} is not installed: npm install ${PACKAGE}@0.7`
        : `the package ${PACKAGE} cannot be loaded: ${String(error)}`,
      { cause: error },
    );
  }
}
