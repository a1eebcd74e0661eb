import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UndecodableError } from '../../src/errors.ts';
import { splitLines } from '../../src/input/lines.ts';
import { settle } from '../support/fake-clock.ts';
import { MemoryInput } from '../support/memory-streams.ts';

const NO_LIMIT = 268_435_455;

async function* chunksOf(chunks: readonly (Buffer | string)[]): AsyncGenerator<Buffer | string> {
  yield* chunks;
}

async function linesOf(chunks: readonly (Buffer | string)[], maxBytes = NO_LIMIT): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of splitLines(chunksOf(chunks), maxBytes)) lines.push(line.toString('latin1'));
  return lines;
}

/** What a line is, without any haste: what stands before an LF, and what stands after the last one, if anything. */
function splitNaively(bytes: Buffer): string[] {
  const pieces = bytes.toString('latin1').split('\n');
  return pieces.at(-1) === '' ? pieces.slice(0, -1) : pieces;
}

/** Bytes, with many line ends, and a way to cut them. */
const cut = fc
  .tuple(
    fc.array(fc.oneof(fc.constantFrom(0x0a, 0x0a, 0x0d, 0x00, 0x61), fc.nat(255)), { maxLength: 60 }),
    fc.array(fc.nat(60), { maxLength: 8 }),
  )
  .map(([bytes, places]) => {
    const whole = Buffer.from(bytes);
    const ends = [...places, whole.length].map((place) => Math.min(place, whole.length)).sort((a, b) => a - b);
    const chunks = ends.map((end, index) => whole.subarray(ends[index - 1] ?? 0, end));
    return { whole, chunks };
  });

describe('lines', () => {
  it('are the same however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(cut, async ({ whole, chunks }) => {
        expect(Buffer.concat(chunks)).toEqual(whole);
        expect(await linesOf(chunks)).toEqual(splitNaively(whole));
      }),
      { numRuns: 1000 },
    );
  });

  it.each<[string, string[]]>([
    ['', []],
    ['a', ['a']],
    ['a\n', ['a']],
    ['a\nb', ['a', 'b']],
    ['\n', ['']],
    ['\n\n', ['', '']],
    ['a\n\nb\n', ['a', '', 'b']],
    ['a\r\nb\r\n', ['a\r', 'b\r']],
    ['a\rb\n', ['a\rb']],
    ['\r', ['\r']],
    ['c\0d\nlast', ['c\0d', 'last']],
    ['\0\n', ['\0']],
    ['a\u0085b\u2028c\n', ['a\u0085b\u2028c']],
  ])('of %j are %j', async (text, lines) => {
    expect(await linesOf([Buffer.from(text)])).toEqual(lines.map((line) => Buffer.from(line).toString('latin1')));
    expect(await linesOf([text])).toEqual(lines.map((line) => Buffer.from(line).toString('latin1')));
  });

  it('come as soon as they are complete', async () => {
    const stdin = new MemoryInput();
    const lines: string[] = [];
    const reading = (async () => {
      for await (const line of splitLines(stdin as AsyncIterable<Buffer>, NO_LIMIT)) lines.push(line.toString());
    })();
    stdin.feed('one\ntw');
    await settle();
    expect(lines).toEqual(['one']);
    stdin.feed('o\n');
    await settle();
    expect(lines).toEqual(['one', 'two']);
    stdin.feed('three');
    await settle();
    expect(lines).toEqual(['one', 'two']);
    stdin.finish();
    await reading;
    expect(lines).toEqual(['one', 'two', 'three']);
  });

  it('may be many', async () => {
    const chunk = Buffer.from(`${'x\n'.repeat(100_000)}`);
    let count = 0;
    for await (const _line of splitLines(chunksOf([chunk, chunk]), NO_LIMIT)) count += 1;
    expect(count).toBe(200_000);
  });

  it('may be long and come in many pieces', async () => {
    const pieces = Array.from({ length: 2000 }, () => Buffer.alloc(1000, 'x'));
    const [line] = await linesOf([...pieces, '\n']);
    expect(line).toHaveLength(2_000_000);
  });

  it('stay as they were when the next chunk comes', async () => {
    const kept: Buffer[] = [];
    for await (const line of splitLines(chunksOf(['a\nbc', 'd\ne\n']), NO_LIMIT)) kept.push(line);
    expect(kept.map(String)).toEqual(['a', 'bcd', 'e']);
  });
});

describe('a line that is too long', () => {
  it.each<[string[], number]>([
    [['abcde\n'], 1],
    [['ok\nok\nabcde\n'], 3],
    [['ok\nab', 'cd', 'e'], 2],
    [['ok\n', 'abcde'], 2],
    [['\n\n\n', 'ab', 'cde\n'], 4],
  ])('of %j is named: line %d', async (chunks, number) => {
    const failure = await linesOf(chunks, 4).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UndecodableError);
    expect(failure).toMatchObject({
      message: `line ${number} of standard input is longer than a message can be (4 bytes)`,
      exitCode: 10,
    });
  });

  it('is noticed before it ends, so that it does not fill the memory', async () => {
    const stdin = new MemoryInput();
    const reading = (async () => {
      for await (const _line of splitLines(stdin as AsyncIterable<Buffer>, 4)) void _line;
    })();
    stdin.feed('abcde');
    await expect(reading).rejects.toThrow('line 1 of standard input is longer');
    expect(stdin.destroyed).toBe(true);
  });

  it('comes after the lines before it', async () => {
    const lines: string[] = [];
    const reading = (async () => {
      for await (const line of splitLines(chunksOf(['a\nbb\nccccc\n']), 4)) lines.push(line.toString());
    })();
    await expect(reading).rejects.toThrow('line 3');
    expect(lines).toEqual(['a', 'bb']);
  });

  it('is not one of just the length', async () => {
    expect(await linesOf(['abcd\n', 'ab', 'cd'], 4)).toEqual(['abcd', 'abcd']);
  });
});
