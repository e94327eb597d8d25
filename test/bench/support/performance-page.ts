import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';

/**
 * Replaces sections of a page, which stand between `<!-- name -->` and `<!-- /name -->`; what is written around them
 * stays. Throws where the page has no such section.
 */
export async function updateSections(path: string, sections: ReadonlyMap<string, string>): Promise<void> {
  let page = await readFile(path, 'utf8');
  for (const [name, text] of sections) {
    const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const from = page.indexOf(open);
    const to = page.indexOf(close);
    if (from < 0 || to < from) throw new Error(`${path} has no section ${open} … ${close}`);
    page = `${page.slice(0, from + open.length)}\n\n${text}\n\n${page.slice(to)}`;
  }
  await writeFile(path, await format(page, { ...(await resolveConfig(path)), parser: 'markdown' }));
}
