import { Duplex } from 'node:stream';
import mqttPacket, { type IPublishPacket, type Packet } from 'mqtt-packet';
import type { ProtocolVersion } from '../../src/mqtt/connection-plan.ts';
import type { Lanes, MakeLanes } from '../../src/mqtt/lane/lanes.ts';
import { fromMqttjs } from '../../src/mqtt/mqttjs-properties.ts';
import { PacketIdentifiers } from '../../src/mqtt/packet-identifiers.ts';
import type { OutgoingMessage, PublishOutcome } from '../../src/mqtt/session.ts';
import { Wire } from '../../src/mqtt/wire.ts';

/** What becomes of a message that came by a lane; undefined: it is not answered. */
export type TakeMessage = (message: OutgoingMessage) => Promise<PublishOutcome> | undefined;

/** Real lanes whose packets end in a test: there is no network, and no client beside them. */
export class FakeLink {
  readonly lanes: Lanes;
  readonly #transport: Duplex;
  readonly #wire: Wire;
  readonly #version: ProtocolVersion;
  readonly #take: TakeMessage;
  /** By Topic Alias. */
  readonly #topics = new Map<number, string>();

  constructor(makeLanes: MakeLanes, version: ProtocolVersion, take: TakeMessage, trace?: (line: string) => void) {
    this.#version = version;
    this.#take = take;
    const parser = mqttPacket.parser({ protocolVersion: version });
    parser.on('packet', (packet) => this.#onPacket(packet));
    this.#transport = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        parser.parse(chunk);
        done();
      },
    });
    this.#wire = new Wire(this.#transport, () => () => undefined);
    this.lanes = makeLanes(this.#wire, new PacketIdentifiers(), version, trace);
  }

  end(): void {
    this.#wire.destroy();
  }

  #onPacket(packet: Packet): void {
    if (packet.cmd === 'publish') this.#onPublish(packet);
    else if (packet.cmd === 'pubrel') this.#answer({ cmd: 'pubcomp', messageId: packet.messageId ?? 0 });
  }

  #onPublish(packet: IPublishPacket): void {
    const { payload, qos, retain, messageId = 0 } = packet;
    const properties = packet.properties && fromMqttjs(packet.properties);
    const alias = properties?.topicAlias;
    if (alias !== undefined && packet.topic !== '') this.#topics.set(alias, packet.topic);
    const topic = packet.topic === '' ? (this.#topics.get(alias ?? 0) ?? '') : packet.topic;
    const message = { topic, payload: Buffer.from(payload), qos, retain, ...(properties && { properties }) };
    const outcome = this.#take(message);
    if (qos === 0) return;
    void outcome?.then(({ reasonCode, reasonString }) => {
      const answer = { messageId, reasonCode, ...(reasonString !== undefined && { properties: { reasonString } }) };
      this.#answer({ cmd: qos === 1 ? 'puback' : 'pubrec', ...answer });
    });
  }

  #answer(packet: Packet): void {
    if (this.#transport.destroyed) return;
    this.#transport.push(mqttPacket.generate(packet, { protocolVersion: this.#version }));
  }
}
