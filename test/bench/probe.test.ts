import { describe, expect, it } from 'vitest';
import { PROBE_HEADER_BYTES, ProbeReader, ProbeWriter } from '../../src/bench/probe.ts';
import { RUN_ID } from './support/drive.ts';

describe('the probe header', () => {
  it('comes back as it was written, in the smallest payload and in a large one', () => {
    for (const sizeBytes of [PROBE_HEADER_BYTES, 64, 100_000]) {
      const payload = new ProbeWriter(RUN_ID, 99_999, sizeBytes).write(0xffff_fffe, 1_234_567_890.125);
      expect(payload.length).toBe(sizeBytes);
      const reader = new ProbeReader(RUN_ID);
      expect(reader.read(payload)).toBe(true);
      expect(reader).toMatchObject({ publisher: 99_999, sequence: 0xffff_fffe, sentUs: 1_234_567_890.125 });
    }
  });

  it('starts with the run, in the bytes of its hexadecimal digits', () => {
    const payload = new ProbeWriter(RUN_ID, 1, 26).write(2, 0.5);
    expect(payload.toString('hex')).toBe(`${RUN_ID}0100000002000000000000000000e03f7878`);
  });

  it('gives each message a payload of its own, for the client may still hold the last one', () => {
    const writer = new ProbeWriter(RUN_ID, 0, 64);
    const first = writer.write(1, 1);
    const copy = Buffer.from(first);
    const second = writer.write(2, 2);
    expect(first).toEqual(copy);
    expect(second).not.toEqual(first);
  });

  it('is not found in what others send', () => {
    const reader = new ProbeReader(RUN_ID);
    expect(reader.read(Buffer.alloc(0))).toBe(false);
    expect(reader.read(Buffer.from(RUN_ID, 'hex'))).toBe(false);
    expect(reader.read(new ProbeWriter('0123456789abcdee', 0, 64).write(0, 0))).toBe(false);
    expect(reader.read(new ProbeWriter('1123456789abcdef', 0, 64).write(0, 0))).toBe(false);
    expect(reader.read(Buffer.from('{"temperature":21.5,"unit":"C"}'))).toBe(false);
  });
});
