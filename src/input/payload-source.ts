/** Where mqtt-pub's payloads come from: `-m -f -s -l -n`. */
import type { Context } from '../cli/context.ts';
import { UsageError } from '../errors.ts';
import { readNamedFile } from '../options/files.ts';
import * as options from '../options/message.ts';
import type { OptionValues } from '../options/option-values.ts';
import { splitLines } from './lines.ts';
import { readAll, readStdin } from './standard-input.ts';

/** How the payloads are come by; nothing is read yet. */
export type PayloadSource =
  | { readonly kind: 'payload'; readonly payload: Buffer }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'stdin' }
  | { readonly kind: 'lines' };

const SOURCES = [
  options.messageOption,
  options.fileOption,
  options.stdinFileOption,
  options.stdinLineOption,
  options.nullMessageOption,
] as const;

/** Throws UsageError unless exactly one source was given. */
export function resolvePayloadSource(values: OptionValues): PayloadSource {
  const given = SOURCES.filter((spec) => values.has(spec));
  const [first, second] = given;
  if (first === undefined) {
    throw new UsageError(
      'there is no message',
      "Give one: -m 'text', -f FILE, -s or -l for standard input, -n for none.",
    );
  }
  if (second !== undefined) {
    throw new UsageError(
      `${values.spelled(first)} and ${values.spelled(second)} both give the message`,
      'Give one of them.',
    );
  }
  const text = values.get(options.messageOption);
  const path = values.get(options.fileOption);
  if (text !== undefined) return { kind: 'payload', payload: Buffer.from(text) };
  if (path !== undefined) return { kind: 'file', path };
  if (first === options.stdinFileOption) return { kind: 'stdin' };
  return first === options.stdinLineOption ? { kind: 'lines' } : { kind: 'payload', payload: Buffer.alloc(0) };
}

/** Reads what is one message; lines are read when they are published. Throws UsageError for an unreadable file. */
export async function readPayload(
  source: Exclude<PayloadSource, { kind: 'lines' }>,
  context: Context,
  maxBytes: number,
): Promise<Buffer> {
  const payload = await readWhole(source, context);
  if (payload.length > maxBytes) {
    throw new UsageError(`a message of ${payload.length} bytes is more than MQTT can carry (${maxBytes})`);
  }
  return payload;
}

async function readWhole(source: Exclude<PayloadSource, { kind: 'lines' }>, context: Context): Promise<Buffer> {
  switch (source.kind) {
    case 'payload':
      return source.payload;
    case 'file':
      return readNamedFile('-f', source.path);
    case 'stdin':
      return readAll(context.stdin);
  }
}

/** The lines of standard input, as they arrive. */
export function readLines(context: Context, maxBytes: number): AsyncIterable<Buffer> {
  return splitLines(readStdin(context.stdin), maxBytes);
}
