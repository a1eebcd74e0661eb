import { writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { describeCreationError, describeFileError, firstLine, readNamedFile } from '../../src/options/files.ts';
import { makeTempFolder } from '../support/temp-folder.ts';
import { faultOfAsync } from './parsing.ts';

const folder = makeTempFolder();
afterAll(() => folder.remove());

describe('a file that an option names', () => {
  it('is read byte for byte', async () => {
    const bytes = Buffer.from([0, 0xff, 0x0a, 0x0d, 0x1b]);
    writeFileSync(folder.file('a'), bytes);
    expect(await readNamedFile('-f', folder.file('a'))).toEqual(bytes);
  });

  it('is named, with its option and the reason, when it cannot be read', async () => {
    expect(await faultOfAsync(readNamedFile('-f', '/none/of it'))).toBe('-f "/none/of it": no such file');
    expect(await faultOfAsync(readNamedFile('-f', folder.path))).toBe(`-f ${folder.path}: is a folder`);
    expect(await faultOfAsync(readNamedFile('-f', `${folder.file('a')}/b`))).toContain('is not a folder');
    expect(await faultOfAsync(readNamedFile('-f', 'a\0b'))).toContain('-f "a\\0b": ');
    expect(await faultOfAsync(readNamedFile('-f', 'x'.repeat(5000)))).toContain('ENAMETOOLONG');
  });

  it.each([
    ['EACCES', 'permission denied'],
    ['ENOENT', 'no such file'],
    ['EMFILE', 'the words of the system'],
  ])('that failed with %s: %s', (code, reason) => {
    expect(describeFileError(Object.assign(new Error('the words of the system'), { code }))).toBe(reason);
  });

  it.each([
    ['EACCES', 'permission denied'],
    ['ENOENT', 'no such folder'],
    ['ENOSPC', 'no space left on the device'],
    ['EMFILE', 'the words of the system'],
  ])('that could not be made with %s: %s', (code, reason) => {
    expect(describeCreationError(Object.assign(new Error('the words of the system'), { code }))).toBe(reason);
  });

  it.each([
    ['', ''],
    ['a', 'a'],
    ['a\nb', 'a'],
    ['a\r\nb', 'a'],
    ['a\rb\n', 'a\rb'],
    ['\na', ''],
    ['a\r\r\n', 'a\r'],
  ])('has in %j the first line %j', (content, line) => {
    expect(firstLine(Buffer.from(content)).toString()).toBe(line);
  });
});
