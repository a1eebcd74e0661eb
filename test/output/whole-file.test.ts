import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OutputError, UsageError } from '../../src/errors.ts';
import { checkWholeFile, writeWholeFile } from '../../src/output/whole-file.ts';
import { makeTempFolder, type TempFolder } from '../support/temp-folder.ts';

let folder: TempFolder;
beforeEach(() => {
  folder = makeTempFolder();
});
afterEach(() => folder.remove());

/** Root may write anywhere. */
const isRoot = process.getuid?.() === 0;

describe('a file that is written whole', () => {
  it('is made, and replaced, and leaves nothing beside it', async () => {
    const path = folder.file('result.json');
    await checkWholeFile('--out', path);
    expect(readdirSync(folder.path)).toEqual([]);
    await writeWholeFile(path, 'one');
    await writeWholeFile(path, 'another');
    expect(readFileSync(path, 'utf8')).toBe('another');
    expect(readdirSync(folder.path)).toEqual(['result.json']);
  });

  it('is another file than the one it replaces: who reads that goes on reading it', async () => {
    const path = folder.file('result.json');
    writeFileSync(path, 'before');
    const before = statSync(path).ino;
    await writeWholeFile(path, 'after');
    expect(statSync(path).ino).not.toBe(before);
  });

  it('stays as it was when it is only checked', async () => {
    const path = folder.file('result.json');
    writeFileSync(path, 'before');
    await checkWholeFile('--out', path);
    expect(readFileSync(path, 'utf8')).toBe('before');
  });

  it('is what a link leads to', async () => {
    writeFileSync(folder.file('real.json'), 'before');
    symlinkSync('real.json', folder.file('link.json'));
    await checkWholeFile('--out', folder.file('link.json'));
    await writeWholeFile(folder.file('link.json'), 'after');
    expect(readFileSync(folder.file('real.json'), 'utf8')).toBe('after');
    expect(readdirSync(folder.path).toSorted()).toEqual(['link.json', 'real.json']);
  });

  it('may be a device, which stays one', async () => {
    await checkWholeFile('--out', '/dev/null');
    await writeWholeFile('/dev/null', 'gone');
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  it.skipIf(!existsSync('/dev/full'))('says that there is no space for it', async () => {
    await expect(writeWholeFile('/dev/full', 'text')).rejects.toEqual(
      new OutputError('cannot write /dev/full: no space left on the device'),
    );
  });

  it.each([
    ['missing/result.json', 'no such folder'],
    ['.', 'is a folder'],
    ['file/result.json', 'is not a folder'],
  ])('is refused at %s: %s', async (name, reason) => {
    writeFileSync(folder.file('file'), '');
    const path = folder.file(name);
    await expect(checkWholeFile('--out', path)).rejects.toThrow(UsageError);
    await expect(checkWholeFile('--out', path)).rejects.toThrow(new RegExp(`^--out .*: ${reason}$`));
    await expect(writeWholeFile(path, 'text')).rejects.toThrow(OutputError);
  });

  it.skipIf(isRoot)('is refused where it, or its folder, is read-only', async () => {
    const path = folder.file('result.json');
    writeFileSync(path, 'before');
    chmodSync(path, 0o400);
    await expect(checkWholeFile('--out', path)).rejects.toThrow('permission denied');
    mkdirSync(folder.file('closed'), { mode: 0o500 });
    await expect(checkWholeFile('--out', folder.file('closed/result.json'))).rejects.toThrow('permission denied');
  });

  it('is refused when its name is too long, and leaves nothing behind', async () => {
    const path = folder.file('x'.repeat(250));
    await expect(checkWholeFile('--out', path)).rejects.toThrow(UsageError);
    await expect(writeWholeFile(path, 'text')).rejects.toThrow(OutputError);
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(folder.path)).toEqual([]);
  });
});
