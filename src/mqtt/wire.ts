import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { DirectSocket } from './direct-socket.ts';

/** How long the broker may take to close its side after our DISCONNECT, in milliseconds. */
export const CLOSE_GRACE_MS = 800;

/** Starts a timer; returns what stops it. */
export type StartTimer = (callback: () => void, delayMs: number) => () => void;

/**
 * The stream that the MQTT client writes to and reads from: it stands between the client and the transport. It joins
 * the many small writes of a packet into one, and drops empty ones, which would become empty WebSocket frames that
 * some brokers take for an error.
 */
export class Wire extends Duplex {
  readonly #transport: Duplex;
  readonly #startTimer: StartTimer;
  /** The broker has ended its side. */
  #isEnded = false;
  /** Nothing is to be read. */
  #isHeld = false;
  /** Whether what is read goes to a stream, which then says when it is done with it. */
  #isPiped = false;
  #interceptor: ((chunk: Buffer) => void) | undefined;
  /** Bytes that have come in and gone out since the start. */
  bytesIn = 0;
  bytesOut = 0;
  /** Told of the bytes as they go out and come in. */
  onBytes: ((direction: 'sent' | 'received', bytes: Buffer) => void) | undefined;
  /** The first error of the transport. */
  failure: Error | undefined;

  constructor(transport: Duplex, startTimer: StartTimer) {
    super({ writableHighWaterMark: 65_536, readableHighWaterMark: 65_536 });
    this.#transport = transport;
    this.#startTimer = startTimer;
    transport.on('data', (chunk: Buffer) => {
      this.bytesIn += chunk.length;
      this.onBytes?.('received', chunk);
      if (this.writableEnded) return;
      if (this.#interceptor === undefined) this.pass(chunk);
      else this.#interceptor(chunk);
    });
    transport.on('error', (error: Error) => {
      this.failure ??= error;
      this.destroy();
    });
    transport.on('end', () => {
      this.#isEnded = true;
      if (!this.#isHeld || this.writableEnded) this.#finish();
    });
    transport.on('close', () => {
      // A socket is gone as soon as the broker has ended its side: whatever the client has not dealt with comes first.
      if (!this.#isEnded || this.writableEnded) this.destroy();
    });
    // Whatever happened before this moment is not told again.
    if (transport.destroyed) {
      this.failure = transport.errored ?? undefined;
      this.destroy();
    }
  }

  /** What comes in goes to `interceptor` first, which passes on what the client is to read. */
  intercept(interceptor: (chunk: Buffer) => void): void {
    this.#interceptor = interceptor;
  }

  /** Hands bytes to the client. */
  pass(bytes: Buffer): void {
    if (!this.push(bytes)) this.#transport.pause();
  }

  /** Nothing more is to be read until `release`, be it the end. */
  hold(): void {
    this.#isHeld = true;
    this.#transport.pause();
  }

  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    if (this.#isEnded) this.#finish();
    else this.#transport.resume();
  }

  /**
   * What the transport reads next goes into `target`, as far as it can do that: what comes is then a part of it. To be
   * called by the interceptor.
   */
  readInto(target: Buffer): void {
    if (this.#transport instanceof DirectSocket) this.#transport.readInto(target);
  }

  /** Ends the connection: the broker has sent what it may not. */
  fail(error: Error): void {
    this.failure ??= error;
    this.destroy();
  }

  /** Sends the last bytes and closes; at once when the broker is gone, and within `graceMs` in any case. */
  close(lastBytes: Buffer, graceMs = CLOSE_GRACE_MS): void {
    const stop = this.#startTimer(() => this.destroy(), graceMs);
    this.once('close', stop);
    this.end(lastBytes);
  }

  /** Closes without a word. */
  cut(): void {
    cutTransport(this.#transport);
    this.destroy();
  }

  /** What comes after the last bytes is dropped: an acknowledgement that is too late is no error. */
  override write(chunk: string | Uint8Array, encoding?: unknown, callback?: unknown): boolean {
    if (this.writableEnded) return false;
    // Counted here and not when they go out: small writes of one packet are held together until the next tick.
    this.bytesOut += Buffer.byteLength(chunk);
    return super.write(chunk, encoding as BufferEncoding, callback as () => void);
  }

  override pipe<T extends NodeJS.WritableStream>(reader: T, options?: { end?: boolean }): T {
    this.#isPiped = true;
    reader.once('finish', () => this.destroy());
    return super.pipe(reader, options);
  }

  override _read(): void {
    if (!this.#isHeld) this.#transport.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#send(chunk, done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.#send(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  /** Ends the transport and reads on until the broker does too: closing with unread bytes would reset the connection,
   * and the broker could then lose our last packets. */
  override _final(done: (error?: Error | null) => void): void {
    this.#transport.resume();
    this.#transport.end();
    done();
    if (this.#isEnded) this.destroy();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#transport.destroy();
    done(error);
  }

  #finish(): void {
    if (this.writableEnded) this.destroy();
    else {
      this.push(null);
      if (!this.#isPiped) this.once('end', () => this.destroy());
    }
  }

  #send(bytes: Buffer, done: (error?: Error | null) => void): void {
    // A broker that has ended its side takes nothing more, and to try would be an error before all was read.
    if (bytes.length === 0 || this.#isEnded) return done();
    this.onBytes?.('sent', bytes);
    if (this.#transport.write(bytes)) return done();
    this.#transport.once('drain', done);
  }
}

/**
 * Closes without a word. TCP is reset: whoever closes it in order keeps the port taken for a minute (TIME_WAIT), and a
 * storm of thousands would soon have none left.
 */
export function cutTransport(transport: Duplex): void {
  // Only TCP itself can be reset: a Unix socket has no port, and of TLS Node does not let us.
  const isTcp = transport instanceof Socket && transport.localPort !== undefined && !('encrypted' in transport);
  if (isTcp) transport.resetAndDestroy();
  else transport.destroy();
}
