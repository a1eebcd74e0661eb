import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refuseLostBytes } from '../../src/cli/argv-bytes.ts';
import { UsageError } from '../../src/errors.ts';
import { runCli } from '../support/run-cli.ts';

/** What the system tells of `node mqtt-pub` with these words, and what Node makes of them. */
function commandLineOf(...words: Buffer[]): { argv: string[]; commandLine: Buffer } {
  const all = [Buffer.from('node'), Buffer.from('mqtt-pub'), ...words];
  return {
    argv: words.map((word) => word.toString()),
    commandLine: Buffer.concat(all.flatMap((word) => [word, Buffer.from([0])])),
  };
}

describe('a word of the command line', () => {
  it('that is not UTF-8 is refused, by its number', () => {
    const { argv, commandLine } = commandLineOf(Buffer.from('-m'), Buffer.from('a\xff', 'latin1'));
    expect(() => refuseLostBytes(argv, commandLine)).toThrow(/^word 2 of the command line is not valid UTF-8$/);
  });

  it('may hold U+FFFD itself', () => {
    const { argv, commandLine } = commandLineOf(Buffer.from('\ufffd'), Buffer.alloc(0));
    refuseLostBytes(argv, commandLine);
  });

  it('is taken as it is where the system does not tell its bytes', () => {
    refuseLostBytes(['\ufffd'], undefined);
  });

  it('is refused exactly when Node would change it', () => {
    const word = fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 0)));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (words) => {
        const { argv, commandLine } = commandLineOf(...words);
        const isChanged = words.some((bytes, index) => !Buffer.from(argv[index] ?? '').equals(bytes));
        const check = (): void => refuseLostBytes(argv, commandLine);
        if (isChanged) expect(check).toThrow(UsageError);
        else check();
      }),
    );
  });

  it('that is not UTF-8 ends the command before anything is sent', async () => {
    const { argv, commandLine } = commandLineOf(Buffer.from('-t'), Buffer.from('a'), Buffer.from('-m\xff', 'latin1'));
    const context = { readCommandLine: () => commandLine };
    expect(await runCli('mqtt-pub', argv, { context })).toMatchObject({
      exitCode: 2,
      stderr:
        'mqtt-pub: word 3 of the command line is not valid UTF-8\n  Bytes of any kind are sent from standard input (-s) or from a file (-f).\n',
    });
  });
});
