/** User name and password: where they come from, and to whom they may be sent. */
import type { Context } from '../cli/context.ts';
import { UsageError } from '../errors.ts';
import {
  askPasswordOption,
  passwordCommandOption,
  passwordFileOption,
  passwordOption,
  usernameOption,
} from './connection.ts';
import { firstLine, readFirstLine } from './files.ts';
import type { OptionValues, ParsedOccurrence } from './option-values.ts';
import { type BrokerChoice, describeOrigin, isForAnotherHost, pick, strengthOf } from './precedence.ts';
import type { OptionSpec } from './spec.ts';
import type { BrokerUrl } from './url.ts';
import { MAX_FIELD_BYTES } from './values.ts';

export interface Credentials {
  readonly username?: string;
  readonly password?: Buffer;
  /** Where the password came from, in words. */
  readonly passwordSource?: string;
}

/** Throws UsageError for two passwords of the same strength, and for one that cannot be read. */
export async function resolveCredentials(
  values: OptionValues,
  choice: BrokerChoice,
  context: Context,
): Promise<Credentials> {
  const usable = (spec: OptionSpec): ParsedOccurrence | undefined => {
    const found = pick(values, spec, choice);
    return found && !isForAnotherHost(spec, found, values, choice) ? found : undefined;
  };
  const user = usable(usernameOption);
  const username = user === undefined ? {} : { username: user.value as string };
  const given = strongest([
    [passwordOption, usable(passwordOption)],
    [passwordFileOption, usable(passwordFileOption)],
    [passwordCommandOption, usable(passwordCommandOption)],
    [askPasswordOption, usable(askPasswordOption)],
  ]);
  if (given === undefined) return username;
  const [spec, occurrence] = given;
  // The password of a URL belongs to the user of that URL, and to no other.
  const owner = (occurrence.partOf?.value as BrokerUrl | undefined)?.username;
  if (owner !== undefined && user?.value !== owner) return username;
  const passwordSource = describeOrigin(occurrence);
  // MQTT 5 has passwords without user names, the library has not. [MQTT5 3.1.2.9]
  if (user === undefined) throw new UsageError(`${passwordSource}: a password needs a user name`, 'Add -u NAME.');
  const password = await readPassword(spec, occurrence, context, user.value as string);
  if (password.length > MAX_FIELD_BYTES) {
    throw new UsageError(`${passwordSource}: a password must be at most ${MAX_FIELD_BYTES} bytes long`);
  }
  return { ...username, password, passwordSource };
}

type Candidate = readonly [OptionSpec, ParsedOccurrence | undefined];

function strongest(candidates: readonly Candidate[]): readonly [OptionSpec, ParsedOccurrence] | undefined {
  const given = candidates.filter((one): one is readonly [OptionSpec, ParsedOccurrence] => one[1] !== undefined);
  const most = Math.max(...given.map(([, occurrence]) => strengthOf(occurrence)));
  const [first, second] = given.filter(([, occurrence]) => strengthOf(occurrence) === most);
  if (first !== undefined && second !== undefined) {
    throw new UsageError(
      `${describeOrigin(first[1])} and ${describeOrigin(second[1])} both give the password`,
      'Give one of them.',
    );
  }
  return first;
}

async function readPassword(
  spec: OptionSpec,
  occurrence: ParsedOccurrence,
  context: Context,
  username: string,
): Promise<Buffer> {
  const text = String(occurrence.value);
  switch (spec) {
    case passwordFileOption:
      return readFirstLine(describeOrigin(occurrence), text);
    case passwordCommandOption:
      return runPasswordCommand(describeOrigin(occurrence), text, context);
    case askPasswordOption:
      return Buffer.from(await context.askSecret(`Password of ${username}: `));
    default:
      return Buffer.from(text);
  }
}

async function runPasswordCommand(spelled: string, command: string, context: Context): Promise<Buffer> {
  const { exitCode, stdout } = await context.runShell(command);
  // The command itself may hold a secret, and is not shown.
  if (exitCode !== 0) throw new UsageError(`${spelled}: the command ended with exit code ${exitCode}`);
  const password = firstLine(stdout);
  if (password.length === 0) throw new UsageError(`${spelled}: the command printed nothing`);
  return password;
}
