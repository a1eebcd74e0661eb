/** What Keep Alive needs to know of a connection. */
export interface KeepAlivePeer {
  /** Bytes received and sent since the start. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Whether we have stopped reading on purpose: then silence says nothing about the broker. */
  readonly paused: boolean;
  sendPing(): void;
  /** The broker has not answered a PINGREQ for a whole Keep Alive interval. */
  giveUp(): void;
}

/**
 * Ticks every half Keep Alive interval. It sends PINGREQ when nothing else was sent or heard, also while reading is
 * paused by a slow reader, and gives up when the broker stays silent. [MQTT-3.1.2-20]
 */
export class KeepAlive {
  readonly #peer: KeepAlivePeer;
  #bytesIn = 0;
  #bytesOut = 0;
  #silentPings = 0;

  constructor(peer: KeepAlivePeer) {
    this.#peer = peer;
  }

  /** The ticks begin, or begin anew: what was sent and heard before is no news. */
  start(): void {
    this.#bytesIn = this.#peer.bytesIn;
    this.#bytesOut = this.#peer.bytesOut;
    this.#silentPings = 0;
  }

  tick(): void {
    const { bytesIn, bytesOut, paused } = this.#peer;
    const heard = bytesIn !== this.#bytesIn;
    const sent = bytesOut !== this.#bytesOut;
    if (heard || paused) this.#silentPings = 0;
    if (this.#silentPings >= 2) return this.#peer.giveUp();
    if (!heard || !sent) {
      if (!heard && !paused) this.#silentPings += 1;
      this.#peer.sendPing();
    }
    this.#bytesIn = bytesIn;
    this.#bytesOut = this.#peer.bytesOut;
  }
}
