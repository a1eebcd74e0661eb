import type { Occurrence, OptionSpec, Source } from './spec.ts';

/** An occurrence with its value, ready to use. */
export interface ParsedOccurrence extends Occurrence {
  readonly value: unknown;
  /** The occurrence that carried it, such as the URL that this host came from. */
  readonly partOf?: ParsedOccurrence;
}

const DEFAULT: Source = { kind: 'default' };

/** Everything the user said, validated: the result of parsing the command line, the environment and files. */
export class OptionValues {
  readonly #byName: ReadonlyMap<string, readonly ParsedOccurrence[]>;

  /** `occurrences` of one option stand weakest source first, then in the order given. */
  constructor(occurrences: ReadonlyMap<string, readonly ParsedOccurrence[]>) {
    this.#byName = occurrences;
  }

  get<T>(spec: OptionSpec<T>): T {
    return spec.collect(this.occurrences(spec).map((occurrence) => occurrence.value));
  }

  /** Whether the user gave it, anywhere. */
  has(spec: OptionSpec): boolean {
    return this.occurrences(spec).length > 0;
  }

  occurrences(spec: OptionSpec): readonly ParsedOccurrence[] {
    return this.#byName.get(spec.long) ?? [];
  }

  /** Where the value that wins came from. */
  source(spec: OptionSpec): Source {
    return this.occurrences(spec).at(-1)?.source ?? DEFAULT;
  }

  /** The option as the user knows it, for an error: `-q`, `--qos` or `MQTT_PORT`. */
  spelled(spec: OptionSpec): string {
    return describeSource(this.source(spec)) ?? (spec.short === undefined ? `--${spec.long}` : `-${spec.short}`);
  }
}

/** Names a source in an error; undefined for a default. */
export function describeSource(source: Source): string | undefined {
  switch (source.kind) {
    case 'flag':
      return source.spelled;
    case 'environment':
      return source.variable;
    case 'file':
      return `${source.path}:${source.line}`;
    case 'default':
      return undefined;
  }
}
