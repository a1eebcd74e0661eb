import fc from 'fast-check';
import { generate, type Packet } from 'mqtt-packet';
import { describe, expect, it } from 'vitest';
import { FrameScanner } from '../../../src/mqtt/lane/frame-scanner.ts';

/** First bytes: type and flags. */
const PUBLISH = 0x30;
const PUBLISH_RETAINED = 0x31;
const PUBACK = 0x40;

const packets = fc.array(
  fc.oneof(
    fc.record({ cmd: fc.constant('puback' as const), messageId: fc.integer({ min: 1, max: 65_535 }) }),
    fc.constant({ cmd: 'pingresp' as const }),
    fc.record({
      cmd: fc.constant('publish' as const),
      topic: fc.constant('a/b'),
      qos: fc.constant(0 as const),
      retain: fc.boolean(),
      dup: fc.constant(false),
      payload: fc.oneof(
        fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
        fc.integer({ min: 0, max: 20_000 }).map((size) => Buffer.alloc(size, 7)),
      ),
    }),
  ),
  { maxLength: 12 },
);

/** Cuts bytes at places that are given as parts of their length. */
function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...cuts.map((part) => Math.floor(part * bytes.length)), bytes.length].sort((a, b) => a - b);
  return places.map((place, index) => bytes.subarray(places[index - 1] ?? 0, place)).filter(({ length }) => length > 0);
}

describe('a scanner of packets', () => {
  it('finds the same packets however the bytes are cut, and passes on the others in order', () => {
    fc.assert(
      fc.property(
        packets,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 }),
        fc.subarray([PUBLISH, PUBLISH_RETAINED, PUBACK]),
        fc.boolean(),
        (sent, cuts, claimed, isTaken) => {
          const frames = sent.map((packet) => generate(packet as Packet));
          const taken: Buffer[] = [];
          const passed: Buffer[] = [];
          const scanner = new FrameScanner((bytes) => passed.push(Buffer.from(bytes)));
          scanner.claim(claimed, (type, bytes, start, body, end) => {
            const frame = Buffer.from(bytes.subarray(start, end));
            if (type !== (frame[0] ?? 0) >> 4) throw new Error('another type');
            // The fixed header ends with the first byte of Remaining Length that says so.
            if ((bytes[body - 1] ?? 0) >= 0x80) throw new Error('the body begins too early');
            if (isTaken) taken.push(frame);
            return isTaken;
          });
          for (const chunk of cut(Buffer.concat(frames), cuts)) scanner.scan(chunk);
          const isClaimed = (frame: Buffer): boolean => isTaken && claimed.includes(frame[0] ?? 0);
          expect(Buffer.concat(taken).equals(Buffer.concat(frames.filter(isClaimed)))).toBe(true);
          expect(Buffer.concat(passed).equals(Buffer.concat(frames.filter((frame) => !isClaimed(frame))))).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('finds packets byte by byte', () => {
    const publish = generate({
      cmd: 'publish',
      topic: 't',
      payload: Buffer.alloc(300),
      qos: 0,
      dup: false,
      retain: false,
    });
    const bytes = Buffer.concat([publish, generate({ cmd: 'pingresp' }), publish]);
    const sizes: number[] = [];
    const passed: Buffer[] = [];
    const scanner = new FrameScanner((chunk) => passed.push(Buffer.from(chunk)));
    scanner.claim([PUBLISH], (_type, _bytes, start, _body, end) => {
      sizes.push(end - start);
      return true;
    });
    for (const byte of bytes) scanner.scan(Buffer.from([byte]));
    expect(sizes).toEqual([publish.length, publish.length]);
    expect(Buffer.concat(passed)).toEqual(generate({ cmd: 'pingresp' }));
  });

  it.each([
    ['at once', [[0x30, 0xff, 0xff, 0xff, 0xff, 1]]],
    ['in pieces', [[0x30, 0xff, 0xff], [0xff], [0xff]]],
  ])('refuses a Remaining Length of more than four bytes [MQTT5 1.5.5]: %s', (_how, chunks) => {
    const scanner = new FrameScanner(() => undefined);
    expect(() => {
      for (const chunk of chunks) scanner.scan(Buffer.from(chunk));
    }).toThrow('the broker sent a packet with a malformed length');
  });
});
