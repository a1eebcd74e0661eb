import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeepAlive, type KeepAlivePeer } from '../../src/mqtt/keep-alive.ts';

/** A connection that does what a test says between the ticks, each of them half a Keep Alive apart. */
class FakePeer implements KeepAlivePeer {
  bytesIn = 0;
  bytesOut = 0;
  paused = false;
  pings = 0;
  gaveUp = false;

  sendPing(): void {
    this.pings += 1;
    this.bytesOut += 2;
  }

  giveUp(): void {
    this.gaveUp = true;
  }

  /** A PINGRESP, or anything else from the broker. */
  hear(): void {
    this.bytesIn += 2;
  }

  /** Anything of ours. */
  send(): void {
    this.bytesOut += 10;
  }
}

function start(): { peer: FakePeer; keepAlive: KeepAlive } {
  const peer = new FakePeer();
  const keepAlive = new KeepAlive(peer);
  // CONNECT and CONNACK went before.
  peer.send();
  peer.hear();
  keepAlive.start();
  return { peer, keepAlive };
}

describe('Keep Alive', () => {
  it('sends PINGREQ when nothing was sent for half the interval [MQTT-3.1.2-20]', () => {
    const { peer, keepAlive } = start();
    keepAlive.tick();
    expect(peer.pings).toBe(1);
    peer.hear();
    keepAlive.tick();
    expect(peer.pings).toBe(2);
  });

  it('never lets a whole interval pass without a packet of ours, however the packets fall [MQTT-3.1.2-20]', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ sends: fc.boolean(), hears: fc.boolean(), paused: fc.boolean() })), (halves) => {
        const { peer, keepAlive } = start();
        let silentHalves = 0;
        for (const { sends, hears, paused } of halves) {
          const before = peer.bytesOut;
          peer.paused = paused;
          if (sends) peer.send();
          if (hears) peer.hear();
          keepAlive.tick();
          if (peer.gaveUp) return;
          silentHalves = peer.bytesOut === before ? silentHalves + 1 : 0;
          // A tick without PINGREQ follows a half in which something was sent.
          expect(silentHalves).toBe(0);
        }
      }),
    );
  });

  it('sends none while packets go both ways', () => {
    const { peer, keepAlive } = start();
    for (let tick = 0; tick < 10; tick += 1) {
      peer.send();
      peer.hear();
      keepAlive.tick();
    }
    expect(peer.pings).toBe(0);
    expect(peer.gaveUp).toBe(false);
  });

  it('asks a broker that is silent while we send', () => {
    const { peer, keepAlive } = start();
    peer.send();
    keepAlive.tick();
    expect(peer.pings).toBe(1);
  });

  it('asks while the broker alone talks, which keeps the connection alive on its side [MQTT-3.1.2-20]', () => {
    const { peer, keepAlive } = start();
    for (let tick = 0; tick < 5; tick += 1) {
      peer.hear();
      keepAlive.tick();
    }
    expect(peer.pings).toBe(5);
  });

  it('gives up when PINGREQ is not answered for a whole interval', () => {
    const { peer, keepAlive } = start();
    keepAlive.tick();
    keepAlive.tick();
    expect(peer.gaveUp).toBe(false);
    keepAlive.tick();
    expect(peer.gaveUp).toBe(true);
    expect(peer.pings).toBe(2);
  });

  it('does not give up while we send and nothing is heard for less than that', () => {
    const { peer, keepAlive } = start();
    peer.send();
    keepAlive.tick();
    peer.send();
    keepAlive.tick();
    peer.hear();
    keepAlive.tick();
    keepAlive.tick();
    expect(peer.gaveUp).toBe(false);
  });

  it('gives up on a broker that goes silent later, after the same time', () => {
    const { peer, keepAlive } = start();
    for (let tick = 0; tick < 4; tick += 1) {
      peer.hear();
      keepAlive.tick();
    }
    keepAlive.tick();
    keepAlive.tick();
    expect(peer.gaveUp).toBe(false);
    keepAlive.tick();
    expect(peer.gaveUp).toBe(true);
  });

  it('sends PINGREQ and never gives up while it is we who do not read', () => {
    const { peer, keepAlive } = start();
    peer.paused = true;
    for (let tick = 0; tick < 20; tick += 1) keepAlive.tick();
    expect(peer.pings).toBe(20);
    expect(peer.gaveUp).toBe(false);
    peer.paused = false;
    keepAlive.tick();
    keepAlive.tick();
    expect(peer.gaveUp).toBe(false);
    keepAlive.tick();
    expect(peer.gaveUp).toBe(true);
  });

  it('starts over with each PINGRESP, with which its ticks begin anew', () => {
    const { peer, keepAlive } = start();
    for (let tick = 0; tick < 10; tick += 1) {
      keepAlive.tick();
      peer.hear();
      keepAlive.start();
    }
    expect(peer.pings).toBe(10);
    expect(peer.gaveUp).toBe(false);
  });

  it('forgets silence at each byte that is heard', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean()), (heard) => {
        const { peer, keepAlive } = start();
        let silent = 0;
        for (const hears of heard) {
          if (hears) peer.hear();
          silent = hears ? 0 : silent + 1;
          keepAlive.tick();
          expect(peer.gaveUp).toBe(silent >= 3);
          if (peer.gaveUp) return;
        }
      }),
    );
  });
});
