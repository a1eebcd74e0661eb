import { once } from 'node:events';
import { Writable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Wire } from '../../src/mqtt/wire.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';
import { FakeTransport } from './fake-transport.ts';

function open(transport = new FakeTransport()): { transport: FakeTransport; clock: FakeClock; wire: Wire } {
  const clock = new FakeClock();
  const wire = new Wire(transport, (callback, delayMs) => {
    const timer = clock.setTimer(callback, delayMs);
    return () => clock.clearTimer(timer);
  });
  onTestFinished(() => void wire.destroy());
  return { transport, clock, wire };
}

/** Collects what is read from now on. */
function reading(wire: Wire): { text(): string } {
  const chunks: Buffer[] = [];
  wire.on('data', (chunk: Buffer) => chunks.push(chunk));
  return { text: () => Buffer.concat(chunks).toString() };
}

describe('what is written', () => {
  it('goes out as one write where it was held together', async () => {
    const { transport, wire } = open();
    wire.cork();
    for (const piece of ['a', 'bc', '', 'd']) wire.write(Buffer.from(piece));
    expect(transport.writes).toEqual([]);
    wire.uncork();
    await settle();
    expect(transport.writes).toEqual([Buffer.from('abcd')]);
    expect(wire.bytesOut).toBe(4);
  });

  it('goes out at once where it was not', () => {
    const { transport, wire } = open();
    wire.write('ab');
    expect(transport.written).toBe('ab');
  });

  it('is never empty, which would be an empty WebSocket frame', async () => {
    const { transport, wire } = open();
    const done = new Promise((resolve) => wire.write(Buffer.alloc(0), resolve));
    wire.cork();
    wire.write(Buffer.alloc(0));
    wire.write(Buffer.alloc(0));
    wire.uncork();
    await done;
    await settle();
    expect(transport.writes).toEqual([]);
  });

  it('keeps its order under load', async () => {
    const { transport, wire } = open();
    transport.hold();
    for (let index = 0; index < 1000; index += 1) wire.write(`${index},`);
    transport.release();
    await settle();
    expect(transport.written).toBe(Array.from({ length: 1000 }, (_, index) => `${index},`).join(''));
  });

  it('waits for a transport that is full, and says so', async () => {
    const { transport, wire } = open(new FakeTransport({ highWaterMark: 10 }));
    transport.hold();
    let written = false;
    wire.write(Buffer.alloc(20), () => {
      written = true;
    });
    expect(wire.write(Buffer.alloc(65_536))).toBe(false);
    await settle();
    expect(written).toBe(false);
    expect(wire.writableNeedDrain).toBe(true);
    const drained = once(wire, 'drain');
    transport.release();
    await drained;
    expect(written).toBe(true);
    expect(wire.bytesOut).toBe(20 + 65_536);
  });
});

describe('what is read', () => {
  it('comes as it came', async () => {
    const { transport, wire } = open();
    const read = reading(wire);
    transport.deliver('ab');
    transport.deliver('c');
    await settle();
    expect(read.text()).toBe('abc');
    expect(wire.bytesIn).toBe(3);
  });

  it('stops the transport while nobody reads, and loses nothing', async () => {
    const { transport, wire } = open();
    let sent = 0;
    for (let turn = 0; turn < 100; turn += 1) {
      transport.deliver(Buffer.alloc(16_384, turn));
      sent += 16_384;
      await settle();
    }
    expect(transport.isPaused()).toBe(true);
    expect(wire.bytesIn).toBeLessThan(200_000);
    let received = 0;
    wire.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    while (received < sent) await settle();
    expect(wire.bytesIn).toBe(sent);
  });

  it('comes to its end after the other side has closed', async () => {
    const { transport, wire } = open();
    transport.deliver('last words');
    transport.finish();
    await settle();
    const read = reading(wire);
    await once(wire, 'close');
    expect(read.text()).toBe('last words');
  });

  it('comes to its end even when the socket is gone before it was read', async () => {
    const { transport, wire } = open();
    transport.deliver('last words');
    transport.finish();
    // As a socket does it: its own side ends, and it closes.
    transport.on('end', () => transport.end(() => transport.destroy()));
    await settle();
    expect(transport.destroyed).toBe(true);
    const read = reading(wire);
    await once(wire, 'close');
    expect(read.text()).toBe('last words');
    expect(wire.failure).toBe(undefined);
  });

  it('comes to its end when the stream that it is piped to is done with it', async () => {
    const { transport, wire } = open();
    let finishFirst = (): void => undefined;
    const seen: string[] = [];
    wire.pipe(
      new Writable({
        write(chunk, _encoding, done) {
          seen.push(String(chunk));
          if (seen.length === 1) finishFirst = done;
          else done();
        },
      }),
    );
    transport.deliver('a');
    await settle();
    transport.deliver('b');
    transport.finish();
    await settle();
    expect(seen).toEqual(['a']);
    expect(wire.destroyed).toBe(false);
    finishFirst();
    await once(wire, 'close');
    expect(seen).toEqual(['a', 'b']);
  });

  it('is over when the other side closes without a word', async () => {
    const { transport, wire } = open();
    wire.resume();
    transport.finish();
    await once(wire, 'close');
    expect(wire.failure).toBe(undefined);
    expect(transport.destroyed).toBe(true);
  });
});

describe('closing', () => {
  it('sends what is left, ends our side, and waits for the other', async () => {
    const { transport, clock, wire } = open();
    wire.close(Buffer.from('bye'));
    await settle();
    expect(transport.written).toBe('bye');
    expect(transport.hasEnded).toBe(true);
    expect(transport.destroyed).toBe(false);
    transport.finish();
    await once(wire, 'close');
    expect(transport.destroyed).toBe(true);
    expect(clock.pendingMs).toEqual([]);
  });

  it('reads on without handing anything over, so that the connection is not reset', async () => {
    const { transport, wire } = open();
    const read = reading(wire);
    wire.close(Buffer.from('bye'));
    await settle();
    for (let turn = 0; turn < 10; turn += 1) transport.deliver(Buffer.alloc(16_384));
    transport.finish();
    await once(wire, 'close');
    expect(read.text()).toBe('');
    expect(transport.readableLength).toBe(0);
  });

  it('reads on even when it had stopped because nobody read', async () => {
    const { transport, wire } = open();
    for (let turn = 0; turn < 10; turn += 1) {
      transport.deliver(Buffer.alloc(16_384));
      await settle();
    }
    expect(transport.isPaused()).toBe(true);
    wire.close(Buffer.from('bye'));
    await settle();
    expect(transport.isPaused()).toBe(false);
    transport.finish();
    await once(wire, 'close');
  });

  it('does not wait for ever for a peer that never closes', async () => {
    const { clock, wire } = open();
    wire.close(Buffer.from('bye'));
    await clock.advance(799);
    expect(wire.destroyed).toBe(false);
    await clock.advance(1);
    expect(wire.destroyed).toBe(true);
  });

  it('does not wait for ever for a peer that reads nothing', async () => {
    const { transport, clock, wire } = open(new FakeTransport({ highWaterMark: 10 }));
    transport.hold();
    wire.write(Buffer.alloc(100_000));
    wire.close(Buffer.from('bye'));
    await clock.advance(800);
    expect(wire.destroyed).toBe(true);
    expect(transport.destroyed).toBe(true);
  });

  it('takes nothing more, without making a failure of it', async () => {
    const { transport, wire } = open();
    const errors: Error[] = [];
    wire.on('error', (error) => errors.push(error));
    wire.close(Buffer.from('bye'));
    wire.write('more');
    await settle();
    expect(errors).toEqual([]);
    expect(wire.destroyed).toBe(false);
    expect(transport.written).toBe('bye');
  });

  it('happens once, whatever comes together', async () => {
    const { transport, clock, wire } = open();
    let closes = 0;
    wire.on('close', () => {
      closes += 1;
    });
    wire.resume();
    wire.close(Buffer.from('bye'));
    transport.finish();
    transport.breakWith('ECONNRESET');
    await clock.advance(10_000);
    wire.destroy();
    await settle();
    expect(closes).toBe(1);
  });
});

describe('a transport whose other side has ended', () => {
  it('takes nothing more, so that what it has sent can be read', async () => {
    const { transport, wire } = open();
    transport.deliver('last words');
    transport.finish();
    await settle();
    transport.resume();
    await settle();
    const read = reading(wire);
    wire.write('too late');
    await once(wire, 'close');
    expect(transport.writes).toEqual([]);
    expect(read.text()).toBe('last words');
  });

  it('is closed at once', async () => {
    const { transport, wire } = open();
    transport.deliver('last words');
    transport.finish();
    transport.on('end', () => transport.destroy());
    await settle();
    expect(wire.destroyed).toBe(false);
    wire.close(Buffer.from('bye'));
    await once(wire, 'close');
  });
});

describe('a failure of the transport', () => {
  it('ends the wire, which keeps the first error and throws none', async () => {
    const { transport, wire } = open();
    wire.resume();
    transport.breakWith('ECONNRESET');
    await once(wire, 'close');
    expect(wire.failure).toMatchObject({ code: 'ECONNRESET' });
    transport.emit('error', new Error('later'));
    expect(wire.failure).toMatchObject({ code: 'ECONNRESET' });
  });

  it('ends a wire that waits for room', async () => {
    const { transport, wire } = open(new FakeTransport({ highWaterMark: 1 }));
    transport.hold();
    wire.write('abc');
    transport.breakWith('EPIPE');
    await once(wire, 'close');
    expect(wire.failure).toMatchObject({ code: 'EPIPE' });
  });

  it('ends the wire when it closes without a word', async () => {
    const { transport, wire } = open();
    wire.resume();
    transport.destroy();
    await once(wire, 'close');
    expect(wire.failure).toBe(undefined);
  });

  it('is noticed when it came before the wire did', async () => {
    const transport = new FakeTransport();
    transport.on('error', () => undefined);
    transport.breakWith('ECONNRESET');
    await settle();
    const { wire } = open(transport);
    await once(wire, 'close');
    expect(wire.failure).toMatchObject({ code: 'ECONNRESET' });
  });

  it('is the end of the transport when the wire ends first', async () => {
    const { transport, wire } = open();
    wire.destroy();
    await settle();
    expect(transport.destroyed).toBe(true);
  });
});
