/** From a PUBLISH of the broker to the handler of the session, and to the acknowledgement only after it. */
import type { IPublishPacket, MqttClient } from 'mqtt';
import type { ProtocolVersion } from './connection-plan.ts';
import { messageOf } from './mqttjs-packets.ts';
import type { SessionHandlers } from './session.ts';

/** Makes MQTT.js go on to the next packet without an acknowledgement: an "error" that is none. */
export const LEFT_UNACKNOWLEDGED = new Error('left unacknowledged');

export class Receiving {
  readonly #handlers: SessionHandlers;
  readonly #version: ProtocolVersion;
  readonly #isOpen: () => boolean;
  #isPaused = false;

  /** Messages are taken as long as `isOpen` holds: after CONNACK and before our DISCONNECT. */
  constructor(handlers: SessionHandlers, version: ProtocolVersion, isOpen: () => boolean) {
    this.#handlers = handlers;
    this.#version = version;
    this.#isOpen = isOpen;
  }

  /** Whether the handler has a message in hand, so that nothing more is read. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  attach(client: MqttClient): void {
    client.handleMessage = (packet, done) => {
      if (packet.qos === 0) this.#receive(packet, () => done());
      else done();
    };
    // The hook before PUBACK and PUBREC. At QoS 2 MQTT.js would hand the message over at PUBREL only: a process that
    // dies in between would then have acknowledged a message that it never wrote.
    client.options.customHandleAcks = (topic, _payload, packet, done) => {
      packet.topic = topic;
      this.#receiveAcknowledged(packet, done);
    };
    // A Topic Alias is resolved for these two alone. [MQTT5 3.3.2.3.4]
    client.on('message', (topic, _payload, packet) => {
      packet.topic = topic;
    });
    client.on('packetreceive', (packet) => {
      if (packet.cmd === 'pubrel') this.#handlers.unreleased?.delete(packet.messageId ?? 0);
    });
  }

  /** A QoS 2 message that was written and comes again before its PUBREL is the same message. [MQTT-4.3.3-10] */
  #receiveAcknowledged(packet: IPublishPacket, done: (error: Error | number, code?: number) => void): void {
    const { unreleased } = this.#handlers;
    const id = packet.messageId ?? 0;
    if (packet.qos === 2 && unreleased?.has(id)) return done(0);
    this.#receive(packet, (isHandled) => {
      if (!isHandled) return done(LEFT_UNACKNOWLEDGED);
      if (packet.qos === 2) unreleased?.add(id);
      done(0);
    });
  }

  /** `done` is called when the next packet may be read; `isHandled`: the message may be acknowledged. */
  #receive(packet: IPublishPacket, done: (isHandled: boolean) => void): void {
    // After our DISCONNECT nothing may be acknowledged: what comes now has not been written anywhere.
    if (!this.#isOpen()) return;
    const handled = this.#handlers.onMessage?.(messageOf(packet, this.#version)) ?? this.#handlers.settle?.();
    if (handled === undefined || handled === 'unacknowledged') return done(handled === undefined);
    this.#isPaused = true;
    handled.then(
      () => {
        this.#isPaused = false;
        if (this.#isOpen()) done(true);
      },
      // The handler's owner knows of its own failure and ends the session: the message stays unacknowledged.
      () => undefined,
    );
  }
}
