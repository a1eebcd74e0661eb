/** The lines of `-d` for what goes by a lane: the same that the client would give. */
import { describePacket } from '../mqttjs-trace.ts';
import { PUBACK, PUBCOMP, PUBREC } from './answer-packet.ts';
import type { MessageKind } from './publish-packet.ts';

export function traceAnswer(
  trace: (line: string) => void,
  direction: 'sending' | 'received',
  type: number,
  messageId: number,
  reasonCode: number,
): void {
  const cmd = type === PUBACK ? 'puback' : type === PUBREC ? 'pubrec' : type === PUBCOMP ? 'pubcomp' : 'pubrel';
  trace(`${direction} ${describePacket({ cmd, messageId, reasonCode })}`);
}

/** `packetId` is 0 at QoS 0. */
export function tracePublish(
  trace: (line: string) => void,
  { qos, retain }: MessageKind,
  topic: string,
  payloadBytes: number,
  packetId: number,
  dup: boolean,
): void {
  // Its length is all that is shown of a payload.
  const payload = { length: payloadBytes } as Buffer;
  trace(`sending ${describePacket({ cmd: 'publish', qos, retain, dup, messageId: packetId, topic, payload })}`);
}
