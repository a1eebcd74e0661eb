import type { ProtocolVersion } from '../connection-plan.ts';
import type { PacketIdentifiers } from '../packet-identifiers.ts';
import type { Wire } from '../wire.ts';
import { PUBACK_FIRST, PUBCOMP_FIRST, PUBLISH_FIRST, PUBREC_FIRST, PUBREL_FIRST } from './answer-packet.ts';
import type { Exchanges } from './exchanges.ts';
import { FrameScanner } from './frame-scanner.ts';
import { PacketWriter } from './packet-writer.ts';
import { PublishLane, type PublishLaneEvents } from './publish-lane.ts';
import type { MessageKind } from './publish-packet.ts';
import { type OnPayload, ReceiveLane } from './receive-lane.ts';

/** `trace` gets a line for each packet that goes by a lane for publishing. */
export type MakeLanes = (
  wire: Wire,
  identifiers: PacketIdentifiers,
  version: ProtocolVersion,
  trace?: (line: string) => void,
) => Lanes;

export const makeLanes: MakeLanes = (...connection) => new Lanes(...connection);

/**
 * The ways past the client for bulk: one for publishing and one for receiving on a connection. Everything else that is
 * sent or received on it goes by way of the client.
 */
export class Lanes {
  readonly #wire: Wire;
  readonly #identifiers: PacketIdentifiers;
  readonly #version: ProtocolVersion;
  readonly #trace: ((line: string) => void) | undefined;
  readonly #writer: PacketWriter;
  readonly #scanner: FrameScanner;
  /**
   * Called before the packets of each read of the connection are handed over: they have all come now, and one look at
   * the clock is enough.
   */
  onRead: (() => void) | undefined;
  /** What answers them waits for the next flush of a lane, to go out in one write with what that sends. */
  holdsAnswers = false;
  /** Called after them, before what answers them is sent: what is to go out with that can be added. */
  onReadEnd: (() => void) | undefined;

  /** To be made before the first byte has come: a packet must be found by its begin. */
  constructor(
    wire: Wire,
    identifiers: PacketIdentifiers,
    version: ProtocolVersion,
    trace: ((line: string) => void) | undefined,
  ) {
    this.#wire = wire;
    this.#identifiers = identifiers;
    this.#version = version;
    this.#trace = trace;
    this.#writer = new PacketWriter(wire);
    this.#scanner = new FrameScanner((bytes) => wire.pass(bytes));
    wire.intercept((chunk) => this.#read(chunk));
  }

  /** From here on Packet Identifiers up to `exchanges.largest` are the lane's, unless it publishes at QoS 0. */
  openPublish(kind: MessageKind, exchanges: Exchanges, events: PublishLaneEvents): PublishLane {
    const lane = new PublishLane(this.#writer, this.#version, kind, exchanges, events, this.#trace);
    if (kind.qos > 0) {
      this.#identifiers.reserve(exchanges.largest);
      this.#scanner.claim([PUBACK_FIRST, PUBREC_FIRST, PUBCOMP_FIRST], (type, bytes, _start, body, end) =>
        lane.take(type, bytes, body, end),
      );
    }
    return lane;
  }

  /** From here on every message goes to `onPayload`. */
  openReceive(onPayload: OnPayload): void {
    const lane = new ReceiveLane(this.#writer, this.#version, onPayload);
    this.#scanner.claim([...PUBLISH_FIRST, PUBREL_FIRST], (type, bytes, start, body, end) =>
      lane.take(type, bytes, start, body, end),
    );
  }

  #read(chunk: Buffer): void {
    this.onRead?.();
    try {
      this.#scanner.scan(chunk);
    } catch (error) {
      this.#wire.fail(error as Error);
      return;
    }
    this.onReadEnd?.();
    if (!this.holdsAnswers) this.#writer.flush();
  }
}
