import type { Output } from '../cli/context.ts';
import { OutputError } from '../errors.ts';

/** Why nothing more can be written. */
export type WriterEnd = { readonly kind: 'closed' } | { readonly kind: 'failed'; readonly error: OutputError };

const NOTHING = Buffer.alloc(0);

/** Bytes to a stream that may be slow, closed or full. */
export class Writer {
  readonly #stream: Output;
  /** Resolves when the reader has gone (a clean end) or writing failed. */
  readonly ended: Promise<WriterEnd>;

  constructor(stream: Output) {
    this.#stream = stream;
    this.ended = new Promise((resolve) => {
      stream.on('error', (error: NodeJS.ErrnoException) => {
        // `| head -1` has what it wanted.
        if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') resolve({ kind: 'closed' });
        else resolve({ kind: 'failed', error: describeFailure(error) });
      });
      stream.on('close', () => resolve({ kind: 'closed' }));
    });
  }

  /** Returns undefined while there is room, else a promise for when there is. */
  write(bytes: Buffer): Promise<void> | undefined {
    if (this.#stream.write(bytes)) return undefined;
    return new Promise((resolve) => this.#stream.once('drain', resolve));
  }

  /**
   * Writes all of `parts`. Returns undefined when there is room for more, and, with `through`, the system has taken the
   * bytes; else a promise for that, which never resolves when it fails.
   */
  writeAll(parts: readonly Buffer[], through: boolean): Promise<void> | undefined {
    const stream = this.#stream;
    let hasRoom = true;
    for (const part of parts) hasRoom = stream.write(part);
    // A file takes them at once, and most often a pipe does.
    if (stream.writableLength === 0 && !stream.errored && !stream.destroyed) return undefined;
    if (through) return this.writeThrough(NOTHING);
    return hasRoom ? undefined : new Promise((resolve) => stream.once('drain', resolve));
  }

  /** Resolves when the system has taken the bytes; never when it did not. */
  writeThrough(bytes: Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.#stream.write(bytes, (error) => {
        if (!error) resolve();
      });
    });
  }
}

function describeFailure(error: NodeJS.ErrnoException): OutputError {
  const reason = error.code === 'ENOSPC' ? 'no space left on the device' : error.message;
  return new OutputError(`cannot write to standard output: ${reason}`, undefined, { cause: error });
}
