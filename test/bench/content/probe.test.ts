import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  epochOffsetUsOf,
  markOf,
  PROBE_HEADER_BYTES,
  ProbeReader,
  ProbeWriter,
} from '../../../src/bench/content/probe.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { RUN_ID } from '../support/drive.ts';

const EPOCH_OFFSET_US = 1_790_000_000_000_000;

function headerOf(publisher: number, sequence: number, dueUs: number, sentUs: number, runId = RUN_ID): Buffer {
  const header = Buffer.alloc(PROBE_HEADER_BYTES);
  new ProbeWriter(runId, publisher, EPOCH_OFFSET_US).write(header, 0, sequence, dueUs, sentUs);
  return header;
}

function read(header: Buffer, reader = new ProbeReader(EPOCH_OFFSET_US)): ProbeReader {
  expect(reader.read(header, 0, header.length)).toBe(true);
  return reader;
}

const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const header = fc.record({
  publisher: fc.integer({ min: 0, max: 99_999 }),
  sequence: fc.integer({ min: 0, max: 0xffff_fffe }),
  dueUs: fc.integer({ min: 0, max: 10 ** 13 }),
  lateUs: uint32,
});

describe('the probe header', () => {
  it('comes back as it was written', () => {
    fc.assert(
      fc.property(header, ({ dueUs, lateUs, publisher, sequence }) => {
        const reader = read(headerOf(publisher, sequence, dueUs, dueUs + lateUs));
        expect(reader).toMatchObject({ ...markOf(RUN_ID), publisher, sequence, isIntact: true });
        expect([reader.dueUs, reader.sentUs]).toEqual([dueUs, dueUs + lateUs]);
      }),
    );
  });

  it('is laid out as documented', () => {
    const bytes = Buffer.alloc(PROBE_HEADER_BYTES);
    new ProbeWriter(RUN_ID, 0x030201, 0).write(bytes, 0, 0x07060504, 0x0d0c0b0a0908, 0x0d0c0b0a0908 + 0x11100f0e);
    expect(bytes.subarray(0, 23).toString('hex')).toBe(`0123456789ab010203${'04050607'}08090a0b0c0d0e0f1011`);
  });

  it('is written where it is told to, and nothing else is touched', () => {
    const target = Buffer.alloc(PROBE_HEADER_BYTES + 8, 0x2e);
    new ProbeWriter(RUN_ID, 1, EPOCH_OFFSET_US).write(target, 5, 2, 3, 4);
    const reader = new ProbeReader(EPOCH_OFFSET_US);
    expect(reader.read(target, 5, target.length - 3)).toBe(true);
    expect(reader).toMatchObject({ publisher: 1, sequence: 2, dueUs: 3, sentUs: 4, isIntact: true });
    expect(target.toString('latin1').replaceAll(/[^.]/g, '')).toBe('........');
  });

  it('tells that a bit of it was altered, save for one time in 256', () => {
    let unseen = 0;
    for (let bit = 0; bit < PROBE_HEADER_BYTES * 8; bit += 1) {
      const bytes = headerOf(7, 1234, 1_000_000, 1_000_250);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      if (read(bytes).isIntact) unseen += 1;
    }
    expect(unseen).toBeLessThanOrEqual(2);
  });

  it('says no lateness for a clock that was stepped back, and at most 71 minutes', () => {
    expect(read(headerOf(0, 0, 500, 400))).toMatchObject({ dueUs: 500, sentUs: 500 });
    expect(read(headerOf(0, 0, 0, 2 ** 40))).toMatchObject({ dueUs: 0, sentUs: 0xffff_ffff });
  });

  it('can be read by another process whose clock began at another time, and across the turn of 2^48 us', () => {
    for (const nowUs of [1_790_000_000_000_000, 7 * 2 ** 48 - 1000, 7 * 2 ** 48 + 1000]) {
      const bytes = Buffer.alloc(PROBE_HEADER_BYTES);
      new ProbeWriter(RUN_ID, 0, nowUs - 5_000_000).write(bytes, 0, 0, 5_000_000, 5_000_010);
      const reader = read(bytes, new ProbeReader(nowUs - 2_000_000));
      expect([reader.dueUs, reader.sentUs]).toEqual([2_000_000, 2_000_010]);
    }
  });

  it('is not found in what is too short for it', () => {
    expect(new ProbeReader(0).read(Buffer.alloc(0), 0, 0)).toBe(false);
    expect(new ProbeReader(0).read(Buffer.alloc(50), 10, 10 + PROBE_HEADER_BYTES - 1)).toBe(false);
  });

  it('bears another mark in another run', () => {
    expect(markOf('1123456789abcdef')).not.toEqual(markOf(RUN_ID));
    expect(markOf('0123456789accdef')).not.toEqual(markOf(RUN_ID));
    expect(read(headerOf(0, 0, 0, 0, '1123456789abcdef'))).toMatchObject(markOf('1123456789abcdef'));
  });

  it('counts from the Unix epoch', async () => {
    const clock = new FakeClock(Date.UTC(2026, 0, 1));
    await clock.advance(250);
    expect(epochOffsetUsOf(clock)).toBe(Date.UTC(2026, 0, 1) * 1000);
  });
});
