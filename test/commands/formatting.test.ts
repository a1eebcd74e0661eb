/** Which form a message takes, and that in none of them it acts on a terminal. */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { withinLimits } from '../../src/commands/formatting.ts';
import type { ReceivedMessage } from '../../src/mqtt/session.ts';
import { Template } from '../../src/output/template.ts';
import { settle } from '../support/fake-clock.ts';
import { startCli, type World } from '../support/run-cli.ts';

type Message = Partial<Omit<ReceivedMessage, 'payload'>> & { readonly payload?: Buffer | string };

const TERMINAL: World = { terminal: { stdout: true } };

async function print(argv: readonly string[], messages: readonly Message[], world: World = {}): Promise<string> {
  const cli = startCli('mqtt-sub', ['-t', '#', ...argv], world);
  const session = await cli.broker.session();
  await session.waitUntil(({ subscribed }) => subscribed.length > 0);
  await settle();
  for (const message of messages) await session.deliver(message);
  cli.stop('SIGINT');
  const { exitCode, stdout } = await cli.result;
  expect(exitCode).toBe(0);
  return stdout.toString();
}

const A: Message = { topic: 'a/b', payload: '{"x": 1.0}', qos: 1, packetId: 3 };
const EMPTY: Message = { topic: 'e', payload: '' };

describe('a message is printed', () => {
  it.each<[string[], string]>([
    [[], '{"x": 1.0}\n'],
    [['-v'], 'a/b {"x": 1.0}\ne (null)\n'],
    [['-N'], '{"x": 1.0}'],
    [['-v', '-N'], 'a/b {"x": 1.0}'],
    [['-F', '%t'], 'a/b\ne\n'],
    [['-F', '%t', '-N'], 'a/be'],
    [['-F', '%t', '-v'], 'a/b\ne\n'],
    [['-F', 'x', '-F', '%q'], '1\n0\n'],
    [['-F', ''], '\n\n'],
    [['--pretty'], '{"x": 1.0}\n'],
  ])('with %j as %j, on a terminal too', async (argv, printed) => {
    expect(await print(argv, [A, EMPTY])).toBe(printed);
    expect(await print(argv, [A, EMPTY], TERMINAL)).toBe(printed);
  });

  it('by --json and --parse-json together as by the second', async () => {
    expect(await print(['--json', '--parse-json'], [A])).toContain('"encoding":"json","payload":{"x":1.0}');
  });

  it('with its time of receipt, the same in all fields of a format', async () => {
    // The fake clock stands at 2026-01-02T03:04:05.678Z.
    expect(await print(['-F', '%U @s @N'], [A])).toBe('1767323045.678000000 1767323045 678000000\n');
  });

  it('by a format that is read once', () => {
    const pretty = vi.fn(() => false);
    const options = { newline: true, onFault: () => undefined };
    const template = new Template('%j%J%p', Object.defineProperty(options, 'pretty', { get: pretty }) as never);
    const looked = pretty.mock.calls.length;
    const whole = { qos: 0, retain: false, dup: false, packetId: 0, topic: 'a', payload: Buffer.from('1') } as const;
    for (let number = 0; number < 10; number += 1) template.format(whole, 0);
    expect(pretty.mock.calls.length).toBe(looked);
  });
});

describe('a message on a terminal', () => {
  const hostile = fc.string({
    unit: fc.oneof(
      fc.constantFrom('\u001b', '\u009b', '\u0007', '\r', '\b', '\u007f', '\u202e', '\u2028', '\ufeff', ']0;', '[2J'),
      fc.string({ minLength: 1, maxLength: 2, unit: 'binary' }),
    ),
  });
  const payload = fc.oneof(
    hostile.map((text) => Buffer.from(text)),
    hostile.map((text) => Buffer.from(JSON.stringify({ [text]: text }))),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  );
  // C0 but line end and tab, DEL, C1, and what reorders or breaks text.
  const acts = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

  it.each([
    [[]],
    [['-v']],
    [['-N', '-v']],
    [['--json']],
    [['--parse-json']],
    [['-F', '%t %p %C %D %R %P %x']],
    [['-F', '%20t %-5p %.3C %3x']],
    [['-F', '%j%J']],
    [['-F', '%j%J', '--pretty']],
  ])('does nothing to it, with %j', async (argv) => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(hostile, payload, hostile), { maxLength: 8 }), async (parts) => {
        const messages = parts.map(
          ([topic, body, text]): Message => ({
            topic,
            payload: body,
            properties: {
              contentType: text,
              responseTopic: text,
              correlationData: body,
              userProperties: [[text, topic]],
            },
          }),
        );
        const shown = await print(argv, messages, TERMINAL);
        expect(shown).not.toMatch(acts);
        if (argv[0] === '--json' || argv[0] === '--parse-json') {
          const lines = shown.split('\n').slice(0, -1);
          expect(lines.map((line) => JSON.parse(line).topic)).toEqual(
            messages.map(({ topic }) => topic?.toWellFormed()),
          );
        }
      }),
      { numRuns: 15 },
    );
  });

  it('acts where that is asked for: by the format itself, and with --raw', async () => {
    const red: Message = { topic: 'a', payload: '\u001b[31m' };
    expect(await print(['-F', '\\e[1m%p\\e[0m'], [red], TERMINAL)).toBe('\u001b[1m\\e[31m\u001b[0m\n');
    expect(await print(['-F', '%p', '--raw'], [red], TERMINAL)).toBe('\u001b[31m\n');
    expect(await print(['--raw'], [red], TERMINAL)).toBe('\u001b[31m\n');
  });

  it('is not touched in a pipe', async () => {
    const bytes = Buffer.from([0x1b, 0x9b, 0xff, 0x00]);
    const cli = startCli('mqtt-sub', ['-t', '#', '-F', '%p', '-N', '-C', '1']);
    const session = await cli.broker.session();
    await settle();
    await session.deliver({ payload: bytes });
    expect((await cli.result).stdout).toEqual(bytes);
  });
});

describe('a message that is too large for a form', () => {
  const message = {
    qos: 0,
    retain: false,
    dup: false,
    packetId: 0,
    topic: 'a/b',
    payload: Buffer.alloc(2000),
  } as const;
  const failing = (error: Error) => ({
    format: (): Buffer => {
      throw error;
    },
  });

  it.each([
    ['a string', new RangeError('Invalid string length')],
    ['another string', Object.assign(new Error('Cannot create a string'), { code: 'ERR_STRING_TOO_LONG' })],
    ['memory', new RangeError('Array buffer allocation failed')],
  ])('is reported, and prints nothing: %s cannot hold it', (_, error) => {
    const said: string[] = [];
    expect(withinLimits(failing(error), (text) => said.push(text)).format(message, 0)).toBe(undefined);
    expect(said).toEqual(['the message on a/b is too large to be shown so (2 kB)']);
  });

  it('is nothing else: a mistake of ours stays one', () => {
    const formatter = withinLimits(failing(new TypeError('oops')), () => undefined);
    expect(() => formatter.format(message, 0)).toThrow('oops');
  });
});
