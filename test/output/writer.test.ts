import { describe, expect, it } from 'vitest';
import { OutputError } from '../../src/errors.ts';
import { Writer, type WriterEnd } from '../../src/output/writer.ts';
import { settle } from '../support/fake-clock.ts';
import { MemoryOutput } from '../support/memory-streams.ts';

/** What became of a promise so far. */
function stateOf(promise: Promise<unknown> | undefined): { now(): 'pending' | 'done' } {
  let state: 'pending' | 'done' = 'pending';
  void promise?.then(() => {
    state = 'done';
  });
  return { now: () => state };
}

describe('a writer', () => {
  it('writes the bytes in order, at once while there is room', async () => {
    const stream = new MemoryOutput();
    const writer = new Writer(stream);
    for (const text of ['a', '', 'b']) expect(writer.write(Buffer.from(text))).toBe(undefined);
    await settle();
    expect(stream.text).toBe('ab');
  });

  it('asks to wait while the reader is slow, until there is room', async () => {
    const stream = new MemoryOutput({ highWaterMark: 10 });
    const writer = new Writer(stream);
    stream.hold();
    expect(writer.write(Buffer.from('12345'))).toBe(undefined);
    const waiting = writer.write(Buffer.from('67890'));
    const state = stateOf(waiting);
    await settle();
    expect(waiting).toBeInstanceOf(Promise);
    expect(state.now()).toBe('pending');
    stream.release();
    await waiting;
    expect(stream.text).toBe('1234567890');
  });

  it('tells when the system has taken the bytes, not before', async () => {
    const stream = new MemoryOutput();
    const writer = new Writer(stream);
    stream.hold();
    const taken = writer.writeThrough(Buffer.from('x'));
    const state = stateOf(taken);
    await settle();
    expect(state.now()).toBe('pending');
    stream.release();
    await taken;
    expect(stream.text).toBe('x');
  });

  it('never tells so when the system has not', async () => {
    const stream = new MemoryOutput();
    const writer = new Writer(stream);
    stream.failWith('ENOSPC');
    const state = stateOf(writer.writeThrough(Buffer.from('x')));
    await writer.ended;
    await settle();
    expect(state.now()).toBe('pending');
  });

  it.each(['EPIPE', 'ERR_STREAM_DESTROYED'])('ends well when the reader has gone: %s', async (code) => {
    const stream = new MemoryOutput();
    const writer = new Writer(stream);
    stream.failWith(code);
    void writer.write(Buffer.from('x'));
    expect(await writer.ended).toEqual({ kind: 'closed' } satisfies WriterEnd);
  });

  it('ends well when the stream is closed', async () => {
    const stream = new MemoryOutput();
    const writer = new Writer(stream);
    stream.destroy();
    expect(await writer.ended).toEqual({ kind: 'closed' });
    // What is written after that is nobody's concern.
    void writer.write(Buffer.from('x'));
    await settle();
  });

  it.each([
    ['ENOSPC', 'cannot write to standard output: no space left on the device'],
    ['EIO', 'cannot write to standard output: EIO: write'],
  ])('tells why it fails: %s', async (code, message) => {
    const stream = new MemoryOutput();
    const writer = new Writer(stream);
    stream.failWith(code);
    void writer.write(Buffer.from('x'));
    const end = await writer.ended;
    expect(end).toMatchObject({ kind: 'failed', error: { message, exitCode: 1 } });
    expect((end as { error: unknown }).error).toBeInstanceOf(OutputError);
  });

  it('keeps to the first end', async () => {
    const stream = new MemoryOutput();
    const writer = new Writer(stream);
    stream.emit('error', Object.assign(new Error('first'), { code: 'EIO' }));
    stream.emit('error', Object.assign(new Error('second'), { code: 'EPIPE' }));
    stream.destroy();
    expect(await writer.ended).toMatchObject({ kind: 'failed' });
  });

  it('does not gather listeners over many slow writes', async () => {
    const stream = new MemoryOutput({ highWaterMark: 1 });
    const writer = new Writer(stream);
    for (let turn = 0; turn < 50; turn += 1) await writer.write(Buffer.from('xx'));
    expect(stream.listenerCount('drain')).toBe(0);
    expect(stream.listenerCount('error')).toBe(1);
  });
});
