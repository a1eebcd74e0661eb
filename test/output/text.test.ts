import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RawText, TerminalText } from '../../src/output/text.ts';
import { messageWith, receivedMessage } from './messages.ts';

const options = fc.record({ verbose: fc.boolean(), newline: fc.boolean() });

describe('raw text, by the rules of mosquitto_sub', () => {
  it.each<[string, boolean, boolean, string, string | undefined]>([
    ['by default', false, true, 'x', 'x\n'],
    ['by default', false, true, '', undefined],
    ['with -N', false, false, 'x', 'x'],
    ['with -N', false, false, '', undefined],
    ['with -v', true, true, 'x', 'a/b x\n'],
    ['with -v', true, true, '', 'a/b (null)\n'],
    ['with -v -N', true, false, 'x', 'a/b x'],
    ['with -v -N', true, false, '', undefined],
  ])('%s (verbose %s, newline %s) the payload %j prints %j', (_title, verbose, newline, payload, printed) => {
    const bytes = new RawText({ verbose, newline }).format(messageWith({ payload }));
    expect(bytes?.toString()).toBe(printed);
  });

  it('holds the bytes of the payload as they are', () => {
    fc.assert(
      fc.property(receivedMessage, (message) => {
        fc.pre(message.payload.length > 0);
        expect(new RawText({ verbose: false, newline: false }).format(message)).toEqual(message.payload);
        const verbose = new RawText({ verbose: true, newline: true }).format(message) ?? Buffer.alloc(0);
        expect(verbose).toEqual(Buffer.concat([Buffer.from(`${message.topic} `), message.payload, Buffer.from('\n')]));
      }),
    );
  });
});

describe('text for a terminal', () => {
  it('prints what raw text prints where nothing is unsafe', () => {
    for (const [verbose, newline, payload] of [
      [false, true, 'x'],
      [false, true, ''],
      [true, true, 'two\nlines\tand é 😀'],
      [true, true, ''],
      [true, false, 'x'],
      [true, false, ''],
      [false, false, ''],
    ] as const) {
      const message = messageWith({ payload });
      expect(new TerminalText({ verbose, newline }).format(message)).toEqual(
        new RawText({ verbose, newline }).format(message),
      );
    }
  });

  it('holds no control character but LF and tab, and none that reorders text', () => {
    fc.assert(
      fc.property(receivedMessage, options, (message, textOptions) => {
        const printed = new TerminalText(textOptions).format(message)?.toString() ?? '';
        expect(printed.replaceAll(/[\n\t]/g, '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps a message on one line where that is asked for', () => {
    fc.assert(
      fc.property(receivedMessage, (message) => {
        const text = new TerminalText({ verbose: true, newline: true, singleLine: true });
        expect(text.format(message)?.toString().indexOf('\n')).toBe((text.format(message)?.toString().length ?? 0) - 1);
      }),
    );
  });

  it('prints nothing exactly when raw text does', () => {
    fc.assert(
      fc.property(receivedMessage, options, (message, textOptions) => {
        const [raw, shown] = [new RawText(textOptions), new TerminalText(textOptions)];
        expect(shown.format(message) === undefined).toBe(raw.format(message) === undefined);
      }),
    );
  });

  it.each([
    [Buffer.from([0xff, 0xd8, 0xff]), '<binary, 3 B> ff d8 ff'],
    [Buffer.from([0x00]), '<binary, 1 B> 00'],
    [Buffer.from('a\0b'), '<binary, 3 B> 61 00 62'],
    [Buffer.alloc(16, 0xff), `<binary, 16 B> ${'ff '.repeat(16).trim()}`],
    [Buffer.alloc(48_000, 0xff), `<binary, 48 kB> ${'ff '.repeat(16)}...`],
  ])('shows %j by size and first bytes', (payload, shown) => {
    const text = new TerminalText({ verbose: true, newline: true });
    expect(text.format(messageWith({ payload }))?.toString()).toBe(`a/b ${shown}\n`);
  });

  it('shows escape sequences in topic and payload as text', () => {
    const message = messageWith({ topic: 'a\u001b[2J\n', payload: '\u001b]0;title\u0007 \u202e x\r' });
    const text = new TerminalText({ verbose: true, newline: true });
    expect(text.format(message)?.toString()).toBe('a\\e[2J\\n \\e]0;title\\x07 \\u202e x\\r\n');
  });
});
