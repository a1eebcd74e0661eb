import { describe, expect, it } from 'vitest';
import { PacketIdentifiers } from '../../src/mqtt/packet-identifiers.ts';

describe('Packet Identifiers', () => {
  it('rise from 1, skip those in use, and begin anew after 65535 [MQTT5 2.2.1]', () => {
    const ids = new PacketIdentifiers();
    expect([ids.allocate(), ids.allocate()]).toEqual([1, 2]);
    ids.deallocate(1);
    for (let id = 3; id <= 65_535; id += 1) expect(ids.allocate()).toBe(id);
    expect(ids.getLastAllocated()).toBe(65_535);
    expect(ids.allocate()).toBe(1);
    expect(ids.allocate()).toBeNull();
    ids.deallocate(700);
    expect(ids.allocate()).toBe(700);
    ids.clear();
    expect(ids.allocate()).toBe(701);
  });

  it('can be taken by number', () => {
    const ids = new PacketIdentifiers();
    expect([ids.register(1), ids.register(1), ids.allocate()]).toEqual([true, false, 2]);
  });

  it('leave a range to a lane', () => {
    const ids = new PacketIdentifiers();
    ids.reserve(65_000);
    const given = Array.from({ length: 535 }, () => ids.allocate());
    expect([given[0], given.at(-1), ids.allocate()]).toEqual([65_001, 65_535, null]);
    ids.deallocate(65_001);
    expect(ids.allocate()).toBe(65_001);
  });

  it('cannot leave what is in use', () => {
    const ids = new PacketIdentifiers();
    ids.allocate();
    expect(() => ids.reserve(10)).toThrow('Packet Identifier 1 is in use already');
  });
});
