// Not node:fs/promises, which takes time to load: it is loaded when first used so.
import { promises } from 'node:fs';
import { UsageError } from '../errors.ts';
import { quote } from '../output/escape.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EISDIR: 'is a folder',
  ENOTDIR: 'is not a folder',
};

/** Why a file could not be read or written, in words. */
export function describeFileError(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code !== undefined && REASONS[code]) || message;
}

const CREATION_REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such folder',
  ENOSPC: 'no space left on the device',
};

/** Why a file that need not be there yet could not be made or written, in words. */
export function describeCreationError(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return (code !== undefined && CREATION_REASONS[code]) || describeFileError(error);
}

/** Reads a file that an option names; throws UsageError that names both. */
export async function readNamedFile(spelled: string, path: string): Promise<Buffer> {
  try {
    return await promises.readFile(path);
  } catch (error) {
    throw new UsageError(`${spelled} ${quote(path)}: ${describeFileError(error)}`);
  }
}

/** Throws UsageError for a file that cannot be appended to; makes one for us alone where there is none. */
export async function checkWritable(spelled: string, path: string): Promise<void> {
  try {
    await (await promises.open(path, 'a', 0o600)).close();
  } catch (error) {
    throw new UsageError(`${spelled} ${quote(path)}: ${describeCreationError(error)}`);
  }
}

/** The first line of a file that holds a secret, without its end. Throws UsageError when it is empty. */
export async function readFirstLine(spelled: string, path: string): Promise<Buffer> {
  const line = firstLine(await readNamedFile(spelled, path));
  if (line.length === 0) throw new UsageError(`${spelled} ${quote(path)}: its first line is empty`);
  return line;
}

/** Up to the first LF or CR LF. */
export function firstLine(content: Buffer): Buffer {
  const end = content.indexOf('\n');
  const line = end < 0 ? content : content.subarray(0, end);
  return line.at(-1) === 0x0d ? line.subarray(0, -1) : line;
}
