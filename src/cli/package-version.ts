import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NAME = 'ssv-duty-scheduler';

/** Version of this package, from its package.json above the file that runs. */
export function packageVersion(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const file = join(folder, 'package.json');
    if (existsSync(file)) {
      const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown; version?: unknown };
      if (name === NAME && typeof version === 'string') return version;
    }
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`the package.json of ${NAME} is missing`);
    folder = parent;
  }
}
