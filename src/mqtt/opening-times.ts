import type { Clock } from '../cli/context.ts';

/** How long each part of opening a session took, in milliseconds with fractions. */
export interface OpeningTimes {
  /** Name look-up and TCP, or a Unix socket; the way through a proxy included. */
  readonly connectMs: number;
  /** The TLS handshake; undefined without TLS. */
  readonly tlsMs: number | undefined;
  /** From CONNECT to CONNACK. */
  readonly connackMs: number;
}

export type OpeningPart = 'connect' | 'tls' | 'connack';

/**
 * Takes the times of one attempt to open a session. A part that is begun anew counts from then on: a handshake that is
 * repeated with other certificates has the time of the one that succeeded. The WebSocket handshake is in no part.
 */
export class OpeningTimer {
  readonly #clock: Clock;
  readonly #parts: { [part in OpeningPart]?: number } = {};
  #begunMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  begin(): void {
    this.#begunMs = this.#clock.monotonicMs();
  }

  end(part: OpeningPart): void {
    this.#parts[part] = this.#clock.monotonicMs() - this.#begunMs;
  }

  toTimes(): OpeningTimes {
    const { connect = 0, tls, connack = 0 } = this.#parts;
    return { connectMs: connect, tlsMs: tls, connackMs: connack };
  }
}
