import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NAME = 'ssv-duty-scheduler';

/** This package as it lies on the disk: its folder, found above the file that runs, and its version. */
export function ownPackage(): { readonly folder: string; readonly version: string } {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const file = join(folder, 'package.json');
    if (existsSync(file)) {
      const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown; version?: unknown };
      if (name === NAME && typeof version === 'string') return { folder, version };
    }
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`the package.json of ${NAME} is missing`);
    folder = parent;
  }
}
