import type { Packet } from 'mqtt-packet';
import { describe, expect, it } from 'vitest';
import { describePacket } from '../../src/mqtt/mqttjs-trace.ts';
import { settle } from '../support/fake-clock.ts';
import { converse } from './talking.ts';

describe('a packet in a line', () => {
  it.each<[string, Packet]>([
    [
      'CONNECT (MQTT 5, Client Identifier x, Keep Alive 60 s, clean start, user u, with a password, Will on w)',
      {
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: 5,
        clientId: 'x',
        keepalive: 60,
        clean: true,
        username: 'u',
        password: Buffer.from('sentinel'),
        will: { topic: 'w', payload: Buffer.from('sentinel'), qos: 0, retain: false },
      } as never,
    ],
    [
      'CONNECT (MQTT 3.1.1, Client Identifier "", Keep Alive 0 s, session kept)',
      { cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clientId: '', keepalive: 0, clean: false } as never,
    ],
    ['CONNACK', { cmd: 'connack', returnCode: 0, sessionPresent: false }],
    // As a broker of MQTT 3.1.1 answers MQTT 5.
    ['CONNACK (Unacceptable protocol version (0x01))', { cmd: 'connack', reasonCode: 1, sessionPresent: false }],
    [
      'CONNACK (Not authorized (0x87), session present, Assigned Client Identifier given, because)',
      {
        cmd: 'connack',
        reasonCode: 0x87,
        sessionPresent: true,
        properties: { assignedClientIdentifier: 'given', reasonString: 'because' },
      },
    ],
    [
      'PUBLISH (QoS 1, retain, dup, id 7, a/b, 8 bytes)',
      {
        cmd: 'publish',
        topic: 'a/b',
        payload: Buffer.from('sentinel'),
        qos: 1,
        retain: true,
        dup: true,
        messageId: 7,
      },
    ],
    [
      'SUBSCRIBE (id 1, a/# at QoS 2, "b c" at QoS 0)',
      {
        cmd: 'subscribe',
        messageId: 1,
        subscriptions: [
          { topic: 'a/#', qos: 2 },
          { topic: 'b c', qos: 0 },
        ],
      },
    ],
    ['SUBACK (id 1, QoS 2 granted, Not authorized (0x87))', { cmd: 'suback', messageId: 1, granted: [2, 0x87] }],
    ['PUBACK (id 1)', { cmd: 'puback', messageId: 1, reasonCode: 0 }],
    ['PUBREC (id 1, Quota exceeded (0x97))', { cmd: 'pubrec', messageId: 1, reasonCode: 0x97 }],
    ['DISCONNECT (Session taken over (0x8E))', { cmd: 'disconnect', reasonCode: 0x8e }],
    ['DISCONNECT', { cmd: 'disconnect', reasonCode: 0 }],
    ['PINGREQ', { cmd: 'pingreq' }],
  ])('is %s', (line, packet) => {
    expect(describePacket(packet as never)).toBe(line);
    expect(line).not.toContain('sentinel');
  });
});

describe('the trace of a session', () => {
  it('tells each packet once, in order, and neither password nor payload', async () => {
    const lines: string[] = [];
    const { peer, session } = await converse({
      handlers: { onTrace: (line) => lines.push(line), onMessage: () => undefined },
      plan: { username: 'u', password: Buffer.from('sentinel') },
    });
    const outcomes = session.subscribe([{ filter: 'a', qos: 0 }]);
    const { messageId = 0 } = await peer.receive('subscribe');
    peer.send({ cmd: 'suback', messageId, granted: [0] });
    await outcomes;
    peer.send({ cmd: 'publish', topic: 'a', payload: 'sentinel', qos: 0, dup: false, retain: false });
    await settle();
    await session.publish({ topic: 'b', payload: Buffer.from('sentinel'), qos: 0, retain: false });
    const pong = session.ping();
    await peer.receive('pingreq');
    peer.send({ cmd: 'pingresp' });
    await pong;
    await session.close(0x04);
    expect(lines).toEqual([
      'sending CONNECT (MQTT 5, Client Identifier x, Keep Alive 60 s, clean start, user u, with a password)',
      'received CONNACK',
      'sending SUBSCRIBE (id 1, a at QoS 0)',
      'received SUBACK (id 1, QoS 0 granted)',
      'received PUBLISH (QoS 0, a, 8 bytes)',
      'sending PUBLISH (QoS 0, b, 8 bytes)',
      'sending PINGREQ',
      'received PINGRESP',
      'sending DISCONNECT (Disconnect with Will Message (0x04))',
    ]);
  });
});
