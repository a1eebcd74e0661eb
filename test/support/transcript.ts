import type { Readable } from 'node:stream';

/** How long a test waits for something that is bound to come, in milliseconds: only a failure ever takes this long. */
export const DEADLINE_MS = 30_000;

/** Everything that a stream has said, and a way to wait for what it will say. */
export class Transcript {
  readonly #chunks: Buffer[] = [];
  readonly #waiters = new Set<() => void>();
  #isComplete = false;
  /** Resolves when the stream has ended. */
  readonly complete: Promise<void>;
  #complete: () => void = () => undefined;

  constructor(stream?: Readable) {
    this.complete = new Promise((resolve) => {
      this.#complete = resolve;
    });
    stream?.on('data', (chunk: Buffer) => this.append(chunk));
    stream?.on('close', () => this.finish());
  }

  append(chunk: Uint8Array): void {
    this.#chunks.push(Buffer.from(chunk));
    this.#wake();
  }

  finish(): void {
    this.#isComplete = true;
    this.#complete();
    this.#wake();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get text(): string {
    return this.bytes.toString('utf8');
  }

  /** Resolves with the match once the text holds `pattern`; rejects when it ended without, or at the deadline. */
  async waitFor(pattern: RegExp | string, deadlineMs: number = DEADLINE_MS): Promise<RegExpExecArray> {
    const expression = typeof pattern === 'string' ? new RegExp(pattern.replace(/[$()*+.?[\]^{|}]/g, '\\$&')) : pattern;
    let found: RegExpExecArray | null = null;
    await this.#until(
      () => {
        found = expression.exec(this.text);
        return found !== null;
      },
      String(pattern),
      deadlineMs,
    );
    return found as unknown as RegExpExecArray;
  }

  /** Resolves once `count` bytes are there. */
  waitForBytes(count: number, deadlineMs: number = DEADLINE_MS): Promise<void> {
    const length = () => this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    return this.#until(() => length() >= count, `${count} bytes`, deadlineMs);
  }

  #until(isThere: () => boolean, what: string, deadlineMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        if (isThere()) settle(resolve);
        else if (this.#isComplete) settle(() => reject(new Error(`ended without ${what}:\n${this.#shown()}`)));
      };
      const timer = setTimeout(
        () => settle(() => reject(new Error(`no ${what} in ${deadlineMs} ms:\n${this.#shown()}`))),
        deadlineMs,
      );
      const settle = (end: () => void): void => {
        clearTimeout(timer);
        this.#waiters.delete(check);
        end();
      };
      this.#waiters.add(check);
      check();
    });
  }

  #shown(): string {
    return this.text.slice(-4000);
  }

  #wake(): void {
    for (const check of [...this.#waiters]) check();
  }
}
