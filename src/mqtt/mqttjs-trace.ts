import type { Packet } from 'mqtt';
import { quote } from '../output/escape.ts';
import { describeConnackCode, describeReasonCode } from './reason-codes.ts';

/** One line for the protocol trace. It shows sizes and names, never a payload or a password. */
export function describePacket(packet: Packet): string {
  const name = packet.cmd.toUpperCase();
  const details = describeDetails(packet).filter((detail) => detail !== '');
  return details.length === 0 ? name : `${name} (${details.join(', ')})`;
}

function describeDetails(packet: Packet): readonly string[] {
  switch (packet.cmd) {
    case 'connect':
      return [
        `MQTT ${packet.protocolVersion === 5 ? '5' : packet.protocolVersion === 3 ? '3.1' : '3.1.1'}`,
        `Client Identifier ${quote(packet.clientId)}`,
        `Keep Alive ${packet.keepalive} s`,
        packet.clean ? 'clean start' : 'session kept',
        packet.username === undefined ? '' : `user ${quote(packet.username)}`,
        packet.password === undefined ? '' : 'with a password',
        packet.will ? `Will on ${quote(packet.will.topic)}` : '',
      ];
    case 'connack':
      return [
        describeConnack(packet.reasonCode ?? packet.returnCode),
        packet.sessionPresent ? 'session present' : '',
        packet.properties?.assignedClientIdentifier === undefined
          ? ''
          : `Assigned Client Identifier ${quote(packet.properties.assignedClientIdentifier)}`,
        packet.properties?.reasonString === undefined ? '' : quote(packet.properties.reasonString),
      ];
    case 'publish':
      return [
        `QoS ${packet.qos}`,
        packet.retain ? 'retain' : '',
        packet.dup ? 'dup' : '',
        packet.messageId ? `id ${packet.messageId}` : '',
        quote(packet.topic),
        `${packet.payload.length} bytes`,
      ];
    case 'subscribe':
      return [
        `id ${packet.messageId}`,
        ...packet.subscriptions.map(({ topic, qos }) => `${quote(topic)} at QoS ${qos}`),
      ];
    case 'suback':
      return [`id ${packet.messageId}`, ...packet.granted.map((code) => describeGrant(code as number))];
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return [`id ${packet.messageId}`, describeCode(packet.reasonCode)];
    case 'disconnect':
      return [describeCode(packet.reasonCode)];
    default:
      return [];
  }
}

/** What a broker before MQTT 5 answers is a return code. */
function describeConnack(code: number | undefined): string {
  return code === undefined || code === 0 ? '' : describeConnackCode(code, 5);
}

function describeCode(code: number | undefined): string {
  return code === undefined || code === 0 ? '' : describeReasonCode(code);
}

function describeGrant(code: number): string {
  return code < 3 ? `QoS ${code} granted` : describeReasonCode(code);
}
