/** What a user should know of secrets: those that were not sent, and those that anybody on this machine can read. */
import { stat } from 'node:fs/promises';
import { formatAddress } from '../mqtt/address.ts';
import type { ConnectionPlan } from '../mqtt/connection-plan.ts';
import { quote } from '../output/escape.ts';
import {
  askPasswordOption,
  httpProxyOption,
  passwordCommandOption,
  passwordFileOption,
  passwordOption,
  socksOption,
  usernameOption,
  webSocketHeaderOption,
} from './connection.ts';
import { describeSource, type OptionValues, type ParsedOccurrence } from './option-values.ts';
import { type BrokerChoice, chooseBroker, isForAnotherHost, pick } from './precedence.ts';
import { propertyOption } from './properties.ts';
import type { OptionSpec } from './spec.ts';
import { keyOption, passphraseFileOption, pfxOption, pskOption } from './tls.ts';
import type { BrokerUrl } from './url.ts';

const LOGIN: readonly OptionSpec[] = [
  usernameOption,
  passwordOption,
  passwordFileOption,
  passwordCommandOption,
  askPasswordOption,
];
/** Options whose value is a file that holds a secret. */
const SECRET_FILES: readonly OptionSpec[] = [passwordFileOption, passphraseFileOption, keyOption, pfxOption];
/** Options whose value may be a secret, or have one in it, which can stand in an options file. */
const SECRETS: readonly OptionSpec[] = [
  passwordOption,
  pskOption,
  socksOption,
  httpProxyOption,
  webSocketHeaderOption,
  propertyOption,
];
/** Other headers are as good as public. */
const SECRET_HEADER = /^[^:]*(auth|cookie|key|secret|token)[^:]*:/i;

/** Lines for stderr; each names where the secret stands, and none what it is. */
export async function warnOfSecrets(values: OptionValues, plan: ConnectionPlan): Promise<readonly string[]> {
  const choice = chooseBroker(values);
  return [...describeWithheld(values, choice, plan), ...(await describeReadable(values, choice))];
}

function describeWithheld(values: OptionValues, choice: BrokerChoice, plan: ConnectionPlan): readonly string[] {
  const address = formatAddress(plan.endpoint);
  // Who gives others need not be told of those that they replace.
  const login = plan.username === undefined ? LOGIN : [];
  const origins = [...login, webSocketHeaderOption, propertyOption].flatMap((spec) =>
    values
      .occurrences(spec)
      .filter((one) => isForAnotherHost(spec, one, values, choice) || isOfOtherUrl(one, choice))
      .map(nameOf),
  );
  const withheld = [...new Set(origins)].map(
    (origin) => `the credentials of ${origin} are for another host, and are not sent to ${address}`,
  );
  const password = pick(values, passwordOption, choice);
  const owner = (password?.partOf?.value as BrokerUrl | undefined)?.username;
  if (password === undefined || owner === undefined || plan.password !== undefined || plan.username === undefined) {
    return withheld;
  }
  if (owner === plan.username) return withheld;
  return [
    ...withheld,
    `the password of ${nameOf(password)} is for user ${quote(owner)}, and is not sent for ${quote(plan.username)}`,
  ];
}

function isOfOtherUrl({ partOf }: ParsedOccurrence, { url }: BrokerChoice): boolean {
  return partOf !== undefined && partOf !== url;
}

/** The file, the variable or the option; of a URL that was typed, that it is one. */
function nameOf({ source }: ParsedOccurrence): string {
  return source.kind === 'file' ? quote(source.path) : describeSource(source) || 'the URL';
}

async function describeReadable(values: OptionValues, choice: BrokerChoice): Promise<readonly string[]> {
  const paths = new Set<string>();
  for (const spec of SECRET_FILES) {
    const found = pick(values, spec, choice);
    if (found !== undefined) paths.add(String(found.value));
  }
  for (const spec of SECRETS) {
    for (const one of values.occurrences(spec)) {
      if (one.source.kind === 'file' && holdsSecret(spec, one)) paths.add(one.source.path);
    }
  }
  const warnings = await Promise.all([...paths].map(describeMode));
  return warnings.filter((one) => one !== undefined);
}

function holdsSecret(spec: OptionSpec, { words }: ParsedOccurrence): boolean {
  if (spec === webSocketHeaderOption) return words.some((word) => SECRET_HEADER.test(word));
  return words.some((word) => spec.redact?.(word, words) !== word);
}

/** Not of a group: that is how a secret is shared on purpose. */
async function describeMode(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  // A pipe, such as <(pass show mqtt), is no place to read it from twice.
  if (found === undefined || !found.isFile() || (found.mode & 0o004) === 0) return undefined;
  return `${quote(path)} holds a secret, and every user of this machine can read it: chmod o-r`;
}
