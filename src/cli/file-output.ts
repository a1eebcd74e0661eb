import { writeSync } from 'node:fs';
import { Writable } from 'node:stream';

/**
 * Standard output that is a file. Node's own stream for that takes a write that the system took in part, because the disk
 * is full or the file as large as it may be, for a whole one: the rest would be lost without an error.
 */
export class FileOutput extends Writable {
  readonly #descriptor: number;

  constructor(descriptor: number) {
    super();
    this.#descriptor = descriptor;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    try {
      for (let at = 0; at < chunk.length; ) at += writeSync(this.#descriptor, chunk, at);
    } catch (error) {
      return done(error as Error);
    }
    done();
  }
}
