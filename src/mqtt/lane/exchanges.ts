import { InternalError } from '../../errors.ts';

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
  #states: Uint8Array;
  #tokens: Float64Array;
  #stamps: Float64Array;
  /** Identifiers 1 to this one may be used. */
  readonly largest: number;
  #last = 0;
  /** Exchanges under way. */
  count = 0;

  /** Begins with identifiers 1 to `size`, and takes more when half of them are in use, up to `largest`: 65535 at most. */
  constructor(size: number, largest = size) {
    this.largest = largest;
    this.#states = new Uint8Array(size + 1);
    this.#tokens = new Float64Array(size + 1);
    this.#stamps = new Float64Array(size + 1);
  }

  get size(): number {
    return this.#states.length - 1;
  }

  /** Returns the Packet Identifier. To be called while `count` is below `largest`. */
  begin(token: number, state: number, stamp: number): number {
    if (this.count * 2 > this.size) this.#grow();
    // To look for one that is free would never end.
    if (this.count >= this.size) throw new InternalError('every Packet Identifier is in use');
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

  #grow(): void {
    const length = Math.min(this.size * 2, this.largest) + 1;
    if (length <= this.#states.length) return;
    const [states, tokens, stamps] = [new Uint8Array(length), new Float64Array(length), new Float64Array(length)];
    states.set(this.#states);
    tokens.set(this.#tokens);
    stamps.set(this.#stamps);
    this.#states = states;
    this.#tokens = tokens;
    this.#stamps = stamps;
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
  return new Exchanges(Math.min(Math.max(64, 2 * limit), LARGEST_RANGE), LARGEST_RANGE);
}
