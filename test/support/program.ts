/** What the programs of the tests (`npm run simulate`, `chaos`, …) do alike with their command line. */

/** How the text of a number must look, and what is said where it does not. */
export interface NumberForm {
  readonly pattern: RegExp;
  readonly words: string;
}

/** A whole number from 0. */
export const WHOLE: NumberForm = { pattern: /^\d{1,9}$/, words: 'a whole number' };

/** The numbers that were given, the others as they are by default. Throws a `RangeError` that names the flag. */
export function numbersFrom<D extends Readonly<Record<string, number>>>(
  defaults: D,
  given: Readonly<Record<string, unknown>>,
  formOf: (flag: keyof D) => NumberForm,
): D {
  const read = Object.keys(defaults).flatMap((flag) => {
    const text = given[flag];
    if (typeof text !== 'string') return [];
    const { pattern, words } = formOf(flag);
    if (!pattern.test(text)) throw new RangeError(`--${flag}: ${words}, not '${text}'`);
    return [[flag, Number(text)] as const];
  });
  return { ...defaults, ...Object.fromEntries(read) };
}

/** The exit code of a program: 2, with a line that says why, where its options are wrong; else what `run` resolves to. */
export async function exitCodeOf<O>(
  optionsFrom: (args: string[]) => O,
  run: (options: O) => Promise<number>,
): Promise<number> {
  let options: O;
  try {
    options = optionsFrom(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  }
  return run(options);
}
