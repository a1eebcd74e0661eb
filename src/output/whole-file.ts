/** Files that are there whole or not at all. */
import { randomBytes } from 'node:crypto';
import { access, constants, type FileHandle, open, realpath, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { OutputError, UsageError } from '../errors.ts';
import { describeCreationError } from '../options/files.ts';
import { quote } from './escape.ts';

/** Throws UsageError, naming option and path, where {@link writeWholeFile} could not write. Leaves nothing behind. */
export async function checkWholeFile(spelled: string, path: string): Promise<void> {
  try {
    const target = await resolveTarget(path);
    if (target.kind === 'stream') return await access(path, constants.W_OK);
    if (target.exists) await access(target.path, constants.W_OK);
    const [file, temporary] = await openBeside(target.path);
    await file.close();
    await unlink(temporary);
  } catch (error) {
    throw new UsageError(`${spelled} ${quote(path)}: ${describeCreationError(error)}`);
  }
}

/**
 * Writes to a new file beside `path` and renames it when it is complete: who reads `path` never sees half of it, and
 * what stood there stays if writing fails. A link keeps leading to its file; a pipe or device is written to as it is.
 * Throws OutputError.
 */
export async function writeWholeFile(path: string, text: string): Promise<void> {
  try {
    const target = await resolveTarget(path);
    if (target.kind === 'stream') return await writeFile(path, text);
    const [file, temporary] = await openBeside(target.path);
    try {
      await writeAndClose(file, text);
      await rename(temporary, target.path);
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      throw error;
    }
  } catch (error) {
    throw new OutputError(`cannot write ${quote(path)}: ${describeCreationError(error)}`, undefined, { cause: error });
  }
}

type Target =
  | { readonly kind: 'file'; readonly path: string; readonly exists: boolean }
  /** Must not be renamed over: /dev/null, a named pipe. */
  | { readonly kind: 'stream' };

async function resolveTarget(path: string): Promise<Target> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined) return { kind: 'file', path, exists: false };
  if (found.isDirectory()) throw Object.assign(new Error('is a folder'), { code: 'EISDIR' });
  if (!found.isFile()) return { kind: 'stream' };
  return { kind: 'file', path: await realpath(path), exists: true };
}

async function openBeside(path: string): Promise<[FileHandle, string]> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  return [await open(temporary, 'wx'), temporary];
}

async function writeAndClose(file: FileHandle, text: string): Promise<void> {
  try {
    await file.writeFile(text);
    // Else a rename may reach the disk before the content.
    await file.sync();
  } finally {
    await file.close();
  }
}
