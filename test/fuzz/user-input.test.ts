/** Everything that reads what a user types or keeps in files: a value, or an error that says what is wrong. */
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { parseResult } from '../../src/bench/result/read-result.ts';
import { pubCommand } from '../../src/commands/pub.ts';
import { UndecodableError, UsageError } from '../../src/errors.ts';
import { LineSplitter } from '../../src/input/lines.ts';
import { indexOptions } from '../../src/options/argv.ts';
import { urlArgument } from '../../src/options/connection.ts';
import { parseOptionsFile } from '../../src/options/options-file.ts';
import { parseOptions } from '../../src/options/parse.ts';
import { parseHttpProxyUrl, parseSocksUrl } from '../../src/options/proxy-url.ts';
import { ValueError } from '../../src/options/spec.ts';
import { parseBrokerUrl, parseMosquittoUrl } from '../../src/options/url.ts';
import { parseDurationMs, parseTopicFilter, parseTopicName, sizeInBytes } from '../../src/options/values.ts';
import { Template, TemplateError } from '../../src/output/template.ts';
import { anyText, COMMANDS } from '../options/parsing.ts';
import { fuzz } from './fuzzing.ts';

/** Throws what is none of these: a bug. */
function expectFault(run: () => unknown, ...kinds: (abstract new (...words: never[]) => Error)[]): void {
  try {
    run();
  } catch (error) {
    if (!kinds.some((kind) => error instanceof kind)) throw error;
    expect((error as Error).message).not.toBe('');
  }
}

describe('the command line', () => {
  const words = COMMANDS.flatMap(({ options }) =>
    options.flatMap(({ long, short }) => [`--${long}`, ...(short === undefined ? [] : [`-${short}`])]),
  );
  const packets = ['connect', 'publish', 'auth', 'will', 'user-property', 'correlation-data', 'authentication-data'];
  const word = fc.oneof(
    fc.constantFrom(...words),
    fc.constantFrom(...packets, '1', '10s', 'a/b', 'mqtt://u:p@h'),
    anyText,
  );
  fuzz(
    'is understood, or refused as a usage error',
    60,
    fc.tuple(fc.constantFrom(...COMMANDS), fc.array(word, { maxLength: 8 })),
    ([{ options }, argv]) => {
      expectFault(() => parseOptions({ specs: options, argv, env: {}, positional: urlArgument }), UsageError);
    },
  );
});

describe('a value', () => {
  const PARSERS: readonly ((text: string) => unknown)[] = [
    parseBrokerUrl,
    parseMosquittoUrl,
    parseSocksUrl,
    parseHttpProxyUrl,
    parseDurationMs,
    parseTopicName,
    parseTopicFilter,
    sizeInBytes(0, Number.MAX_SAFE_INTEGER),
  ];
  const started = fc
    .tuple(fc.constantFrom('', 'mqtt://', 'wss://u:p@', 'socks5h://', 'http://[', '12', '1e9', '$share/'), anyText)
    .map((parts) => parts.join(''));
  fuzz('is read, or refused with a reason', 40, fc.tuple(fc.constantFrom(...PARSERS), started), ([parse, value]) => {
    expectFault(() => parse(value), ValueError, UsageError);
  });
});

describe('a format', () => {
  const part = fc.oneof(
    fc.constantFrom('%', '@', '\\', '%0', '%-20', '.3', 't', 'p', 'j', 'J', 'f', 'd', 'Y', 'x', 'e', '0'),
    anyText,
  );
  const message = {
    topic: 't',
    payload: Buffer.from('{"a":1}'),
    qos: 1,
    retain: false,
    dup: false,
    packetId: 1,
    properties: {},
  } as const;
  fuzz('prints a message, or is refused with a reason', 40, fc.array(part, { maxLength: 8 }), (parts) => {
    expectFault(() => {
      const options = { pretty: false, newline: true, onFault: () => undefined };
      const printed = new Template(parts.join(''), options).format(message, 0);
      expect(printed === undefined || Buffer.isBuffer(printed)).toBe(true);
    }, TemplateError);
  });
});

describe('a file', () => {
  const index = indexOptions(pubCommand.options);
  const others = indexOptions(COMMANDS.flatMap(({ options }) => options));
  const line = fc.oneof(
    anyText,
    fc.constantFrom('-h h', '--topic a', '# note', '', '-P p', '-D publish user-property a b', '-m'),
  );
  fuzz('of options is read, or refused with its line', 20, fc.array(line, { maxLength: 6 }), (lines) => {
    expectFault(() => parseOptionsFile(Buffer.from(lines.join('\n')), 'file', index, others), UsageError);
  });

  fuzz('with a result is read, or refused as none', 10, fc.oneof(anyText, fc.json()), (content) => {
    expectFault(() => parseResult(content, 'result.json'), UsageError, UndecodableError);
  });
});

describe('lines', () => {
  const chunk = fc
    .array(fc.constantFrom(...'ab\n\r'), { maxLength: 9 })
    .map((letters) => Buffer.from(letters.join('')));
  fuzz('are the same however they come', 10, fc.array(chunk, { maxLength: 6 }), (chunks) => {
    const splitter = new LineSplitter(1000);
    const found: string[] = [];
    const take = (): void => {
      while (splitter.next()) found.push(splitter.source.toString('latin1', splitter.from, splitter.to));
    };
    for (const one of chunks) {
      splitter.push(Buffer.from(one));
      take();
    }
    splitter.end();
    take();
    const all = Buffer.concat(chunks).toString();
    const expected = all.split('\n');
    if (expected.at(-1) === '') expected.pop();
    expect(found).toEqual(expected);
  });
});
