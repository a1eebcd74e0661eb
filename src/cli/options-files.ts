/** Which options files a run reads: the command's default one or that of `-o`, then the profile. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from '../commands/command.ts';
import { UsageError } from '../errors.ts';
import { indexOptions, type OptionIndex, scanArgv } from '../options/argv.ts';
import { optionsFileOption, profileOption } from '../options/connection.ts';
import { describeFileError } from '../options/files.ts';
import type { FileOccurrence } from '../options/options-file.ts';
import type { OptionSpec } from '../options/spec.ts';
import { quote } from '../output/escape.ts';
import { COMMANDS } from './command-table.ts';
import type { Context } from './context.ts';

/** The folder below the configuration folder. [XDG Base Directory Specification] */
const FOLDER = 'mqtt-toolkit';

/** A default file that is not there is no error; one that was named is. Throws UsageError. */
export async function readOptionsFiles(
  command: Command,
  argv: readonly string[],
  env: Context['env'],
): Promise<readonly FileOccurrence[]> {
  const index = indexOptions(command.options);
  const named = lastValue(argv, index, optionsFileOption);
  const profile = lastValue(argv, index, profileOption);
  const folder = configurationFolder(env);
  const found: FileOccurrence[] = [];
  if (named !== undefined) found.push(...(await readNamed(named, '-o', index)));
  else if (folder !== undefined) found.push(...(await readDefault(join(folder, command.name), index)));
  if (profile !== undefined) {
    if (folder === undefined) throw new UsageError('--profile: neither XDG_CONFIG_HOME nor HOME is set');
    checkProfileName(profile);
    found.push(...(await readNamed(join(folder, 'profiles', profile), '--profile', index)));
  }
  return found;
}

/** A name is no path: what is wrong with it is said before a file is looked for. */
function checkProfileName(name: string): void {
  try {
    profileOption.parse([name]);
  } catch (error) {
    throw new UsageError(`--profile ${quote(name)}: ${(error as Error).message}`);
  }
}

function configurationFolder({ XDG_CONFIG_HOME, HOME }: Context['env']): string | undefined {
  if (XDG_CONFIG_HOME !== undefined && XDG_CONFIG_HOME !== '') return join(XDG_CONFIG_HOME, FOLDER);
  return HOME === undefined || HOME === '' ? undefined : join(HOME, '.config', FOLDER);
}

function lastValue(argv: readonly string[], index: OptionIndex, spec: OptionSpec): string | undefined {
  const tokens = scanArgv(argv, index).filter((token) => token.kind === 'option' && token.spec === spec);
  const last = tokens.at(-1);
  return last?.kind === 'option' ? last.words[0] : undefined;
}

async function readNamed(path: string, spelled: string, index: OptionIndex): Promise<readonly FileOccurrence[]> {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${spelled} ${path}: ${describeFileError(error)}`);
  }
  return parse(content, path, index);
}

async function readDefault(path: string, index: OptionIndex): Promise<readonly FileOccurrence[]> {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch {
    return [];
  }
  return parse(content, path, index);
}

async function parse(content: string, path: string, index: OptionIndex): Promise<readonly FileOccurrence[]> {
  const { parseOptionsFile } = await import('../options/options-file.ts');
  const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()));
  return parseOptionsFile(content, path, index, indexOptions(commands.flatMap(({ options }) => options)));
}
