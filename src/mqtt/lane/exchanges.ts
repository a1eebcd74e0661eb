/** How far the exchange of one message is: what the broker is due to send next. */
export const AWAITS_PUBACK = 1;
export const AWAITS_PUBREC = 2;
export const AWAITS_PUBCOMP = 3;

/** A message whose exchange is not complete. */
export interface Exchange {
  readonly packetId: number;
  readonly token: number;
  readonly state: number;
}

/**
 * The exchanges of QoS 1 and 2 messages under way, by Packet Identifier. It is of the session and not of a connection:
 * what is not complete when a connection ends goes on over the next. [MQTT5 4.4]
 */
export class Exchanges {
  readonly #states: Uint8Array;
  readonly #tokens: Float64Array;
  readonly #stamps: Float64Array;
  #last = 0;
  /** Exchanges under way. */
  count = 0;

  /** Identifiers 1 to `size` are used: 1 to 65535. */
  constructor(size: number) {
    this.#states = new Uint8Array(size + 1);
    this.#tokens = new Float64Array(size + 1);
    this.#stamps = new Float64Array(size + 1);
  }

  get size(): number {
    return this.#states.length - 1;
  }

  /** Returns the Packet Identifier. To be called while `count` is below `size`. */
  begin(token: number, state: number, stamp: number): number {
    let id = this.#last;
    do {
      id = id === this.size ? 1 : id + 1;
    } while (this.#states[id] !== 0);
    this.#last = id;
    this.#states[id] = state;
    this.#tokens[id] = token;
    this.#stamps[id] = stamp;
    this.count += 1;
    return id;
  }

  /** 0 when there is none. */
  stateOf(id: number): number {
    return this.#states[id] ?? 0;
  }

  tokenOf(id: number): number {
    return this.#tokens[id] ?? 0;
  }

  /** What was handed in with the token. */
  stampOf(id: number): number {
    return this.#stamps[id] ?? 0;
  }

  setState(id: number, state: number): void {
    this.#states[id] = state;
  }

  end(id: number): void {
    this.#states[id] = 0;
    this.count -= 1;
  }

  /** Oldest first: what is sent again keeps its order. [MQTT5 4.6] */
  inOrder(): Exchange[] {
    const found: Exchange[] = [];
    for (let packetId = 1; packetId <= this.size; packetId += 1) {
      const state = this.stateOf(packetId);
      if (state !== 0) found.push({ packetId, token: this.tokenOf(packetId), state });
    }
    return found.sort((a, b) => a.token - b.token);
  }
}

/** Leaves identifiers for SUBSCRIBE and UNSUBSCRIBE. */
const LARGEST_RANGE = 65_000;

/** For messages at QoS 1 and 2, of which `limit` may be under way: identifiers enough that one is soon found. */
export function makeExchanges(limit: number): Exchanges {
  return new Exchanges(Math.min(Math.max(64, 2 * limit), LARGEST_RANGE));
}
