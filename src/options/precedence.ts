/** Which of several sources holds: flag > environment > options file > default. */

import { hostOption, mosquittoUrlOption, unixOption, urlArgument, webSocketHeaderOption } from './connection.ts';
import type { OptionValues, ParsedOccurrence } from './option-values.ts';
import { describeSource } from './option-values.ts';
import { propertyOption } from './properties.ts';
import type { OptionSpec, Source } from './spec.ts';

const STRENGTH: Readonly<Record<Source['kind'], number>> = { default: 0, file: 1, environment: 2, flag: 3 };

export function strengthOf({ source }: ParsedOccurrence): number {
  return STRENGTH[source.kind];
}

/** What names the broker, and what may therefore be used of the sources that name one. */
export interface BrokerChoice {
  /** Where the host comes from; undefined: the default. */
  readonly host: ParsedOccurrence | undefined;
  /** The URL that describes the broker; undefined when there is none, or when a stronger source names another host. */
  readonly url: ParsedOccurrence | undefined;
}

/**
 * A URL is used whole or not at all: when a stronger source names the host, its port, scheme and above all its
 * credentials are for another broker.
 */
export function chooseBroker(values: OptionValues): BrokerChoice {
  const hosts = values.occurrences(hostOption);
  const host = hosts.at(-1);
  const urls = urlsOf(values);
  const url = hosts.findLast(({ partOf }) => partOf !== undefined && urls.includes(partOf))?.partOf;
  const isOverruled = url !== undefined && host !== undefined && host.partOf !== url && isStronger(host, url);
  return { host, url: isOverruled ? undefined : url };
}

/** Of several files the later one is stronger; `host` is the last one that was given. */
function isStronger(host: ParsedOccurrence, url: ParsedOccurrence): boolean {
  if (strengthOf(host) !== strengthOf(url)) return strengthOf(host) > strengthOf(url);
  return url.source.kind === 'file' && !isFromFile(host.source, url.source.path);
}

/** The last occurrence that is not part of a URL other than the one in use. */
export function pick(values: OptionValues, spec: OptionSpec, { url }: BrokerChoice): ParsedOccurrence | undefined {
  const urls = urlsOf(values);
  return values
    .occurrences(spec)
    .findLast(({ partOf }) => partOf === undefined || partOf === url || !urls.includes(partOf));
}

/** Whatever says all of where the broker is; a Unix socket is a place of that kind, too. */
function urlsOf(values: OptionValues): readonly ParsedOccurrence[] {
  return [urlArgument, mosquittoUrlOption, unixOption].flatMap((spec) => values.occurrences(spec));
}

/**
 * Whether a credential belongs to another host: it stands in an options file or profile that names a host, and a
 * stronger source, or another file, names the one to connect to.
 */
function belongsElsewhere(credential: ParsedOccurrence, values: OptionValues, { host }: BrokerChoice): boolean {
  const { source } = credential;
  if (source.kind !== 'file') return false;
  const hostOfFile = values.occurrences(hostOption).findLast((one) => isFromFile(one.source, source.path));
  return hostOfFile !== undefined && host !== undefined && !isFromFile(host.source, source.path);
}

/** An occurrence of this option that lets one in somewhere, and must not be sent to the broker that is chosen. */
export function isForAnotherHost(
  spec: OptionSpec,
  occurrence: ParsedOccurrence,
  values: OptionValues,
  choice: BrokerChoice,
): boolean {
  return isCredential(spec, occurrence) && belongsElsewhere(occurrence, values, choice);
}

function isCredential(spec: OptionSpec, { words }: ParsedOccurrence): boolean {
  if (spec === propertyOption) return /^authentication-/i.test(words[1] ?? '');
  // Such as Authorization.
  return spec === webSocketHeaderOption || spec.group === 'Authentication';
}

function isFromFile(source: Source, path: string): boolean {
  return source.kind === 'file' && source.path === path;
}

/** How a value is called in a hint: the option, the variable, the file and line, or the URL it is part of. */
export function describeOrigin({ source, partOf }: ParsedOccurrence): string {
  const name = describeSource(source);
  return partOf === undefined ? (name ?? '') : name || 'the URL';
}
