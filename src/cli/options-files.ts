/** Which options files a run reads: the command's default one or that of `-o`, then the profile. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from '../commands/command.ts';
import { UsageError } from '../errors.ts';
import { indexOptions, type OptionIndex, scanArgv } from '../options/argv.ts';
import { optionsFileOption, profileOption } from '../options/connection.ts';
import { describeFileError } from '../options/files.ts';
import type { FileOccurrence } from '../options/options-file.ts';
import type { OptionSpec } from '../options/spec.ts';
import { quote } from '../output/escape.ts';
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
  if (named !== undefined) found.push(...(await readNamed(named, `-o ${quote(named)}`, index)));
  else if (folder !== undefined)
    found.push(...(await readDefault(join(folder, command.name.split(' ')[0] ?? ''), index)));
  if (profile !== undefined) {
    if (folder === undefined) throw new UsageError('--profile: neither XDG_CONFIG_HOME nor HOME is set');
    checkProfileName(profile);
    found.push(...(await readProfile(profile, join(folder, 'profiles'), index)));
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

async function readProfile(name: string, folder: string, index: OptionIndex): Promise<readonly FileOccurrence[]> {
  const path = join(folder, name);
  try {
    return await readNamed(path, `--profile ${name} (${path})`, index);
  } catch (error) {
    throw existsSync(path) ? error : new UsageError((error as Error).message, hintForProfiles(folder));
  }
}

function hintForProfiles(folder: string): string | undefined {
  try {
    const names = readdirSync(folder).sort();
    return names.length === 0
      ? undefined
      : `There ${names.length === 1 ? 'is' : 'are'} ${names.map(quote).join(', ')}.`;
  } catch {
    return undefined;
  }
}

/** `spelled` is what an error calls the file. */
async function readNamed(path: string, spelled: string, index: OptionIndex): Promise<readonly FileOccurrence[]> {
  let content: Buffer;
  try {
    content = readFileSync(path);
  } catch (error) {
    throw new UsageError(`${spelled}: ${describeFileError(error)}`);
  }
  const [{ parseOptionsFile }, { everyOption }] = await Promise.all([
    import('../options/options-file.ts'),
    import('../options/every-option.ts'),
  ]);
  return parseOptionsFile(content, path, index, indexOptions(everyOption));
}

/** A file that is there must be readable: without it a command would connect without TLS, or with another name. */
async function readDefault(path: string, index: OptionIndex): Promise<readonly FileOccurrence[]> {
  return existsSync(path) ? readNamed(path, path, index) : [];
}
