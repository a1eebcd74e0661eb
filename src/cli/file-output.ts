import { writeSync } from 'node:fs';
import type { Writable } from 'node:stream';

/**
 * Standard output that is a file. Node's own stream for that takes a write that the system took in part, because the disk
 * is full or the file as large as it may be, for a whole one: the rest would be lost without an error.
 * @param Stream `Writable` of `node:stream`, which a run that prints nothing does not load.
 */
export function openFileOutput(descriptor: number, Stream: typeof Writable): Writable {
  return new Stream({
    write(chunk: Buffer, _encoding, done) {
      try {
        for (let at = 0; at < chunk.length; ) at += writeSync(descriptor, chunk, at);
      } catch (error) {
        return done(error as Error);
      }
      done();
    },
  });
}
