import { writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import type { Context } from '../../src/cli/context.ts';
import { pubCommand } from '../../src/commands/pub.ts';
import { UsageError } from '../../src/errors.ts';
import { type PayloadSource, readLines, readPayload, resolvePayloadSource } from '../../src/input/payload-source.ts';
import { parseOptions } from '../../src/options/parse.ts';
import { MemoryInput } from '../support/memory-streams.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const folder = makeTempFolder();
afterAll(() => folder.remove());

const resolve = (...argv: string[]): PayloadSource =>
  resolvePayloadSource(parseOptions({ specs: pubCommand.options, argv, env: {} }));

const withStdin = (stdin: Readable): Context => ({ stdin }) as unknown as Context;

describe('where messages come from', () => {
  it.each<[string[], PayloadSource]>([
    [['-m', 'x'], { kind: 'payload', payload: Buffer.from('x') }],
    [['-m', ''], { kind: 'payload', payload: Buffer.alloc(0) }],
    [['-m', 'é\u0000😀'], { kind: 'payload', payload: Buffer.from('é\u0000😀') }],
    [['-n'], { kind: 'payload', payload: Buffer.alloc(0) }],
    [['-f', 'x'], { kind: 'file', path: 'x' }],
    [['-s'], { kind: 'stdin' }],
    [['-l'], { kind: 'lines' }],
    [['-l', '-l'], { kind: 'lines' }],
  ])('is told by %j', (argv, source) => {
    expect(resolve(...argv)).toEqual(source);
  });

  it('must be told', () => {
    expect(() => resolve('-t', 'a')).toThrow(
      new UsageError('there is no message', "Give one: -m 'text', -f FILE, -s or -l for standard input, -n for none."),
    );
  });

  const ALL = [['-m', ''], ['-f', 'x'], ['-s'], ['-l'], ['-n']];
  it.each(ALL.flatMap((one) => ALL.filter((other) => other !== one).map((other) => [one, other] as const)))(
    'is told once, not by %j and %j',
    (one, other) => {
      expect(() => resolve(...one, ...other)).toThrow(/^-[mfsln] and -[mfsln] both give the message$/);
    },
  );

  it('is called as it was typed', () => {
    expect(() => resolve('--null-message', '--message=x')).toThrow(
      '--message and --null-message both give the message',
    );
  });
});

describe('a message', () => {
  const BYTES = Buffer.from([0x00, 0xff, 0x0a, 0x0d, 0x1b, 0x0a]);

  it('is all of a file, byte for byte', async () => {
    writeFileSync(folder.file('a'), BYTES);
    expect(await readPayload({ kind: 'file', path: folder.file('a') }, withStdin(Readable.from([])), 100)).toEqual(
      BYTES,
    );
  });

  it('is all of standard input, byte for byte, however it comes', async () => {
    const stdin = new MemoryInput();
    const reading = readPayload({ kind: 'stdin' }, withStdin(stdin), 100);
    for (const byte of BYTES) stdin.feed(Buffer.from([byte]));
    stdin.finish();
    expect(await reading).toEqual(BYTES);
  });

  it('is empty where standard input is', async () => {
    expect(await readPayload({ kind: 'stdin' }, withStdin(Readable.from([])), 100)).toEqual(Buffer.alloc(0));
  });

  it('is no file that cannot be read', async () => {
    const path = folder.file('none');
    await expect(readPayload({ kind: 'file', path }, withStdin(Readable.from([])), 100)).rejects.toEqual(
      new UsageError(`-f ${path}: no such file`),
    );
    await expect(readPayload({ kind: 'file', path: folder.path }, withStdin(Readable.from([])), 9)).rejects.toThrow(
      'is a folder',
    );
  });

  it('is at most as long as MQTT can carry', async () => {
    const source = { kind: 'payload', payload: Buffer.alloc(10) } as const;
    expect(await readPayload(source, withStdin(Readable.from([])), 10)).toHaveLength(10);
    await expect(readPayload(source, withStdin(Readable.from([])), 9)).rejects.toThrow(
      'a message of 10 bytes is more than MQTT can carry (9)',
    );
  });

  it('is not made of what could be read of standard input before it failed', async () => {
    const failure = Object.assign(new Error('EISDIR: illegal operation on a directory, read'), { code: 'EISDIR' });
    const stdin = new Readable({
      read() {
        this.destroy(failure);
      },
    });
    await expect(readPayload({ kind: 'stdin' }, withStdin(stdin), 100)).rejects.toMatchObject({
      message: 'cannot read standard input: it is a folder',
      exitCode: 1,
    });
  });

  it('is each line of standard input with -l', async () => {
    const lines: string[] = [];
    for await (const line of readLines(withStdin(Readable.from([Buffer.from('a\nb\r\n\nc')])), 100)) {
      lines.push(line.toString());
    }
    expect(lines).toEqual(['a', 'b\r', '', 'c']);
  });
});
