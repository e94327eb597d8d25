import type { Command, Option } from 'commander';
import { readSwitch } from './flags.js';
import { UsageError } from './usage-error.js';

/** The values of a command's flags, from its arguments or from the environment, with errors that name the flag. */
export class FlagValues {
  constructor(private readonly command: Command) {}

  /** The value of a flag that has a default or must be given. */
  required<T>(flag: string, read: (text: string) => T, whatFor: string): T {
    const value = this.optional(flag, read);
    if (value !== undefined) return value;
    throw new UsageError(`${flag} is missing: ${whatFor}`);
  }

  /** Undefined where the flag is not given and has no default. */
  optional<T>(flag: string, read: (text: string) => T): T | undefined {
    const option = this.#option(flag);
    const text = this.#isEmptyVariable(option)
      ? (option.defaultValue as string | undefined)
      : (this.command.getOptionValue(option.attributeName()) as string | undefined);
    return text === undefined ? undefined : this.#naming(option, () => read(text));
  }

  /** The value of a flag that may stand alone (then `read` is given undefined); undefined where it is not given. */
  standalone<T>(flag: string, read: (text: string | undefined) => T): T | undefined {
    const option = this.#option(flag);
    const given: unknown = this.command.getOptionValue(option.attributeName());
    if (given === undefined || this.#isEmptyVariable(option)) return undefined;
    return this.#naming(option, () => read(typeof given === 'string' ? given : undefined));
  }

  /** Every value of a flag that may be repeated and must be given once; in a variable they are comma separated. */
  list<T>(flag: string, read: (texts: readonly string[]) => T, whatFor: string): T {
    const option = this.#option(flag);
    const given = (this.command.getOptionValue(option.attributeName()) ?? []) as readonly string[];
    const values = this.#isVariable(option) ? given.flatMap((text) => text.split(',')) : given;
    const named = values.map((value) => value.trim()).filter((value) => value !== '' || !this.#isVariable(option));
    if (named.length === 0) throw new UsageError(`${flag} is missing: ${whatFor}`);
    return this.#naming(option, () => read(named));
  }

  /** Whether a flag without a value is on. */
  isOn(flag: string): boolean {
    const option = this.#option(flag);
    // Commander takes a variable that says "false" for set.
    if (this.#isVariable(option)) return this.#naming(option, () => readSwitch(process.env[option.envVar!] ?? ''));
    return this.command.getOptionValue(option.attributeName()) === true;
  }

  #naming<T>(option: Option, read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      const variable = this.#isVariable(option) ? ` (${option.envVar})` : '';
      throw new UsageError(`${option.long}${variable}: ${error.message}`);
    }
  }

  #option(flag: string): Option {
    const option = this.command.options.find(({ long }) => long === flag);
    if (option === undefined) throw new Error(`there is no flag ${flag}`);
    return option;
  }

  #isVariable(option: Option): boolean {
    return this.command.getOptionValueSource(option.attributeName()) === 'env';
  }

  /** A variable set to nothing means: not set. Compose files and unit files write it so. */
  #isEmptyVariable(option: Option): boolean {
    return this.#isVariable(option) && (process.env[option.envVar!] ?? '').trim() === '';
  }
}
