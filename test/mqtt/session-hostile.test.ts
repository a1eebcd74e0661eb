/** A broker that sends anything: the session ends as lost, and nothing else happens. */
import Ajv2020 from 'ajv/dist/2020.js';
import fc from 'fast-check';
import mqttPacket, { type Packet } from 'mqtt-packet';
import { describe, expect, it } from 'vitest';
import messageSchema from '../../docs/json/message.schema.json' with { type: 'json' };
import { JsonLines } from '../../src/output/json-lines.ts';
import { withDeadline } from '../support/deadline.ts';
import { converse } from './talking.ts';

const isMessage = new Ajv2020({ strict: true }).compile(messageSchema);

describe('a malformed packet [MQTT5 4.13]', () => {
  it.each([
    ['a packet type of 0', '0000', 'Not supported'],
    ['a length of five bytes', '30ffffffffff', 'Invalid variable byte integer'],
    ['PUBLISH with QoS 3', '36050001610001', 'Packet must not have both QoS bits set to 1'],
    ['PUBLISH whose topic is longer than it', '3003ffff61', 'Cannot parse topic'],
    ['PUBLISH of QoS 1 without Packet Identifier', '3203000161', 'the broker sent PUBLISH without a Packet Identifier'],
    [
      'PUBLISH of QoS 2 with Packet Identifier 0 [MQTT5 2.2.1]',
      '3406 000161 0000 00',
      'the broker sent PUBLISH without a Packet Identifier',
    ],
    ['PUBLISH without a Topic Name [MQTT5 3.3.2.1]', '3003 0000 00', 'the broker sent PUBLISH without a Topic Name'],
    ['PUBREL without Packet Identifier', '6200', 'the broker sent PUBREL without a Packet Identifier'],
    ['a second CONNACK', '2003000000', 'Protocol error: duplicate CONNACK on the same network connection'],
    ['CONNECT, which is for clients', '100d 0004 4d515454 05 02 003c 00 0000', 'the broker sent CONNECT'],
    ['SUBSCRIBE, which is for clients', '8207 0001 00 0001 61 00', 'the broker sent SUBSCRIBE'],
    ['PINGREQ, which is for clients', 'c000', 'the broker sent PINGREQ'],
    ['PUBLISH of QoS 0 with DUP [MQTT-3.3.1-2]', '3805 000161 00 78', 'the broker sent PUBLISH of QoS 0 with DUP'],
    [
      'PUBLISH to a Topic Filter [MQTT-3.3.2-2]',
      '3007 0003612f23 00 78',
      'the broker sent PUBLISH with a wildcard in its Topic Name',
    ],
    [
      'PUBLISH to a Topic Filter with a property',
      '3009 0003612b62 02 0101 78',
      'the broker sent PUBLISH with a wildcard in its Topic Name',
    ],
    ['PUBACK of Packet Identifier 0 [MQTT5 2.2.1]', '4002 0000', 'the broker sent PUBACK without a Packet Identifier'],
    ['PUBREL of Packet Identifier 0', '6202 0000', 'the broker sent PUBREL without a Packet Identifier'],
    ['SUBACK of Packet Identifier 0', '9004 0000 00 00', 'the broker sent SUBACK without a Packet Identifier'],
    ['flags that are reserved', '41020001', 'Invalid header flag bits, must be 0x0 for puback packet'],
    ['a property that does not exist', '3008 000161 04 7f 0000 00', 'Unknown property'],
  ])('ends the connection at once, with a reason: %s', async (_what, hex, reason) => {
    const topics: string[] = [];
    const { peer, session } = await converse({ handlers: { onMessage: ({ topic }) => void topics.push(topic) } });
    peer.send(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
    expect(await withDeadline(session.ended, 'the end of the session')).toEqual({ kind: 'lost', reason });
    expect(topics).toEqual([]);
  });

  it.each([
    ['half a header', '30'],
    ['half a message', '320a00016100'],
    ['half a CONNACK', '2003'],
  ])('that is cut off ends with the connection: %s', async (_what, hex) => {
    const { peer, session } = await converse();
    peer.send(Buffer.from(hex, 'hex'));
    peer.end();
    expect(await session.ended).toEqual({ kind: 'lost', reason: 'the broker closed it' });
  });

  it('may be a PUBLISH with a Topic Alias that was not allowed [MQTT5 3.3.2.3.4]', async () => {
    const topics: string[] = [];
    const { peer, session } = await converse({ handlers: { onMessage: ({ topic }) => void topics.push(topic) } });
    const properties = { topicAlias: 1 };
    peer.send({ cmd: 'publish', topic: 'a', payload: '', qos: 0, dup: false, retain: false, properties });
    expect(await session.ended).toMatchObject({ kind: 'lost', reason: expect.stringContaining('Topic Alias') });
    expect(topics).toEqual([]);
  });
});

/** The bytes of a PUBLISH of MQTT 5 with these properties. */
function withProperties(hex: string): Buffer {
  const properties = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  const body = Buffer.concat([Buffer.from('000161', 'hex'), Buffer.from([properties.length]), properties]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

describe('malformed properties [MQTT5 2.2.2]', () => {
  it.each([
    ['a text that is cut off', '03 0009 61'],
    ['binary data that is cut off', '09 0009 61'],
    ['a number that is cut off', '02 0000'],
    ['a User Property that is cut off', '26 0001 61 0009 61'],
    ['a Content Type that is given twice', '03 0001 61 03 0001 62'],
    ['Correlation Data that is given twice', '09 0001 61 09 0001 62'],
    ['a Subscription Identifier of 0', '0b 00'],
    ['a property that does not exist', '04 00'],
    ['a property of another packet', '21 0001'],
  ])('end the connection: %s', async (_what, hex) => {
    const topics: string[] = [];
    const { peer, session } = await converse({ handlers: { onMessage: ({ topic }) => void topics.push(topic) } });
    peer.send(withProperties(hex));
    expect((await withDeadline(session.ended, 'the end of the session')).kind).toBe('lost');
    expect(topics).toEqual([]);
  });
});

describe('a broker that sends anything', () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 60 }).map((array) => Buffer.from(array));
  const packets: readonly Packet[] = [
    { cmd: 'publish', topic: 'a', payload: 'x', qos: 0, dup: false, retain: false },
    { cmd: 'publish', topic: 'a', payload: 'x', qos: 1, dup: true, retain: true, messageId: 1 },
    { cmd: 'publish', topic: 'a', payload: 'x', qos: 2, dup: false, retain: false, messageId: 2 },
    {
      cmd: 'publish',
      topic: 'a',
      payload: 'x',
      qos: 0,
      dup: false,
      retain: false,
      properties: {
        payloadFormatIndicator: true,
        messageExpiryInterval: 7,
        contentType: 'c',
        responseTopic: 'r',
        correlationData: Buffer.from([1]),
        subscriptionIdentifier: [1, 300],
        userProperties: { a: ['1', '2'] },
      },
    },
    { cmd: 'pubrel', messageId: 2 },
    { cmd: 'puback', messageId: 1 },
    { cmd: 'pubrec', messageId: 1 },
    { cmd: 'pubcomp', messageId: 1 },
    { cmd: 'suback', messageId: 2, granted: [0] },
    { cmd: 'unsuback', messageId: 2, granted: [0] } as never,
    { cmd: 'pingresp' },
    { cmd: 'disconnect', reasonCode: 0x8b },
    { cmd: 'auth', reasonCode: 0x18 } as never,
    { cmd: 'connack', reasonCode: 0, sessionPresent: false },
    { cmd: 'pingreq' },
  ];
  const whole = fc.constantFrom(...packets).map((packet) => mqttPacket.generate(packet, { protocolVersion: 5 }));
  /** A packet with some of its bytes replaced. */
  const bent = fc.tuple(whole, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 2 })).map(([packet, changes]) => {
    const copy = Buffer.from(packet);
    for (const [at, byte] of changes) copy[at % copy.length] = byte;
    return copy;
  });

  it('is survived: every promise settles, and nothing is thrown where nobody catches', async () => {
    const { liar, connect } = await conversations();
    const json = new JsonLines({ parseJson: true, forTerminal: true });
    const faults: unknown[] = [];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(bytes, bent, whole), { maxLength: 6 }), async (chunks) => {
        liar.next = Buffer.concat(chunks);
        const session = await connect({
          onMessage: (message) => {
            const object: unknown = JSON.parse(json.format(message, 0).toString());
            if (!isMessage(object)) faults.push(isMessage.errors);
            return undefined;
          },
          unreleased: new Set(),
        });
        const waiting = [
          session.publish({ topic: 'a', payload: Buffer.from('x'), qos: 1, retain: false }),
          session.subscribe([{ filter: 'a', qos: 0 }]),
          session.ping(),
        ];
        await withDeadline(session.ended, `the end of the session after ${liar.next.toString('hex')}`);
        await withDeadline(Promise.allSettled(waiting), 'the promises of the session');
      }),
      { numRuns: 150 },
    );
    expect(faults).toEqual([]);
  });
});

/** A broker that lets each client in, sends `next`, and closes. */
async function conversations() {
  const { talk } = await import('./talking.ts');
  const liar = { next: Buffer.alloc(0) };
  const { connect } = await talk(async (peer) => {
    await peer.receive('connect');
    peer.send(Buffer.concat([Buffer.from('2003000000', 'hex'), liar.next]));
    peer.end();
  });
  return { liar, connect };
}
