/** The formatter that the output options ask for: used by every command that prints messages. */
import type { Context } from '../cli/context.ts';
import { UndecodableError, UsageError } from '../errors.ts';
import type { ReceivedMessage } from '../mqtt/session.ts';
import type { OptionValues } from '../options/option-values.ts';
import * as output from '../options/output.ts';
import type { OptionSpec } from '../options/spec.ts';
import type { Formatter } from '../output/formatter.ts';
import { formatBytes } from '../output/units.ts';

export interface FormattingOptions {
  /** Told of a message that the format cannot show. */
  readonly onFault: (text: string) => void;
  /** A message that cannot be shown is an error: UndecodableError. */
  readonly isStrict: boolean;
  /** Each message on one line, whatever its payload holds: for `--watch`. */
  readonly isSingleLine?: boolean;
}

/** Throws UsageError for output options that exclude each other, and for a format with a mistake. */
export async function makeFormatter(
  values: OptionValues,
  context: Context,
  options: FormattingOptions,
): Promise<Formatter> {
  checkCombinations(values);
  const onFault = (text: string): void => {
    if (options.isStrict) throw new UndecodableError(text);
    options.onFault(text);
  };
  return withinLimits(await chooseFormatter(values, context, { ...options, onFault }), onFault);
}

/** What no string can hold is a message that cannot be shown: a publisher must not be able to end its subscribers. */
export function withinLimits(formatter: Formatter, onFault: FormattingOptions['onFault']): Formatter {
  const tell = (error: unknown, { topic, payload }: ReceivedMessage): void => {
    const isTooLarge = error instanceof RangeError || (error as NodeJS.ErrnoException).code === 'ERR_STRING_TOO_LONG';
    if (!isTooLarge) throw error;
    onFault(`the message on ${topic} is too large to be shown so (${formatBytes(payload.length)})`);
  };
  return {
    isTimeless: formatter.isTimeless === true,
    format(message, receivedMs) {
      try {
        return formatter.format(message, receivedMs);
      } catch (error) {
        tell(error, message);
        return undefined;
      }
    },
    append(message, receivedMs, gathered) {
      gathered.begin();
      try {
        if (formatter.append !== undefined) return formatter.append(message, receivedMs, gathered);
        const bytes = formatter.format(message, receivedMs);
        if (bytes !== undefined) gathered.add(bytes);
      } catch (error) {
        gathered.undo();
        tell(error, message);
      }
    },
  };
}

async function chooseFormatter(
  values: OptionValues,
  context: Context,
  { onFault, isStrict, isSingleLine }: FormattingOptions,
): Promise<Formatter> {
  const isTerminal = context.stdout.isTTY === true && !values.get(output.rawOption);
  const format = values.get(output.formatOption);
  if (values.get(output.jsonOption) || values.get(output.parseJsonOption)) {
    const { JsonLines } = await import('../output/json-lines.ts');
    const parseJson = values.get(output.parseJsonOption);
    return new JsonLines({ parseJson, forTerminal: isTerminal, ...(isStrict && { onFault }) });
  }
  const newline = !values.get(output.noNewlineOption);
  const singleLine = isSingleLine === true;
  if (format !== undefined) return makeTemplate(format, values, { newline, isTerminal, singleLine, onFault });
  const { RawText, TerminalText } = await import('../output/text.ts');
  const text = { verbose: values.get(output.verboseOption), newline };
  return isTerminal ? new TerminalText({ ...text, singleLine }) : new RawText(text);
}

function checkCombinations(values: OptionValues): void {
  const json = [output.jsonOption, output.parseJsonOption].find((spec) => values.get(spec));
  const forText: readonly OptionSpec[] = [
    output.verboseOption,
    output.noNewlineOption,
    output.rawOption,
    output.formatOption,
    output.watchOption,
  ];
  const other = json && forText.find((spec) => values.has(spec));
  if (json && other) {
    throw new UsageError(`${values.spelled(other)} is for text, and ${values.spelled(json)} prints JSON`);
  }
}

interface TemplateChoice {
  readonly newline: boolean;
  readonly isTerminal: boolean;
  readonly singleLine: boolean;
  readonly onFault: (text: string) => void;
}

async function makeTemplate(
  format: string,
  values: OptionValues,
  { newline, isTerminal, singleLine, onFault }: TemplateChoice,
): Promise<Formatter> {
  const { Template, TemplateError } = await import('../output/template.ts');
  try {
    return new Template(format, {
      pretty: values.get(output.prettyOption) && !singleLine,
      newline,
      onFault,
      // The format's own escapes are the user's and act; what messages bring must not.
      ...(isTerminal && { terminal: { singleLine } }),
    });
  } catch (error) {
    if (error instanceof TemplateError) {
      throw new UsageError(
        `${values.spelled(output.formatOption)}: ${error.message}`,
        'docs/output-format.md lists what a format can hold.',
      );
    }
    throw error;
  }
}
