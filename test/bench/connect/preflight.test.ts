import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Needs, preflight } from '../../../src/bench/connect/preflight.ts';
import { addressInHex, listSockets } from '../../../src/bench/connect/sockets.ts';
import { UsageError } from '../../../src/errors.ts';
import { FakeMachine } from '../../support/fake-machine.ts';

const LIMITS = 'Limit                     Soft Limit           Hard Limit           Units     \n';

function machineWith({ files = 20_000, open = 20, range = '32768\t60999\n', sockets = [] as string[], reuse = '0' }) {
  const machine = new FakeMachine();
  const limit = `${LIMITS}Max open files            ${files}                ${files}                files     \n`;
  machine.files.set('/proc/self/limits', limit);
  machine.folders.set('/proc/self/fd', open);
  machine.files.set('/proc/sys/net/ipv4/ip_local_port_range', range);
  machine.files.set('/proc/sys/net/ipv4/tcp_tw_reuse', `${reuse}\n`);
  const header = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
  const rows = sockets.map((socket, index) => `${String(index).padStart(4)}: ${socket} 00000000:00000000 00:00000000`);
  machine.files.set('/proc/net/tcp', `${header}${rows.join('\n')}\n`);
  return machine;
}

/** A row of /proc/net/tcp; `06` is TIME_WAIT. */
function socket(local: string, localPort: number, remote: string, remotePort: number, state = '01'): string {
  const end = (address: string, port: number): string =>
    `${addressInHex(address)}:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return `${end(local, localPort)} ${end(remote, remotePort)} ${state}`;
}

function needs(connections: number, differs: Partial<Needs> = {}): Needs {
  return { connections, localAddresses: [], endpoint: { host: '127.0.0.1', port: 1883 }, ...differs };
}

function failureOf(what: Needs, machine: FakeMachine): UsageError | undefined {
  try {
    preflight(what, { machine });
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return error as UsageError;
  }
  return undefined;
}

describe('before the first connection', () => {
  it('files that may be open are counted, those that are open included', () => {
    const machine = machineWith({ files: 1000, open: 20 });
    expect(failureOf(needs(948), machine)).toBeUndefined();
    const failure = failureOf(needs(949), machine);
    expect(failure?.message).toBe('949 connections need 1,001 open files, and this process may have 1,000');
    expect(failure?.hint).toMatch(/^Raise the hard limit first: "ulimit -n 1001" as root, .*LimitNOFILE=/);
    expect(failure?.exitCode).toBe(2);
  });

  it('connections to the embedded broker count twice: both ends are here', () => {
    const machine = machineWith({ files: 1000, open: 20 });
    expect(failureOf(needs(474, { embedded: true }), machine)).toBeUndefined();
    expect(failureOf(needs(475, { embedded: true }), machine)).toBeDefined();
  });

  it('ports are counted', () => {
    const machine = machineWith({ files: 100_000 });
    expect(failureOf(needs(28_232), machine)).toBeUndefined();
    const failure = failureOf(needs(28_233), machine);
    expect(failure?.message).toBe(
      '28,233 connections to 127.0.0.1:1883 need as many ports, and 28,232 are free (32768 to 60999)',
    );
    expect(failure?.hint).toMatch(/--local-address .*ip_local_port_range="1024 65535"/);
  });

  it('ports that connections to the same address and port have are not free', () => {
    const sockets = [
      socket('127.0.0.1', 40_000, '127.0.0.1', 1883),
      socket('127.0.0.1', 40_000, '127.0.0.1', 1883),
      // The broker's end, another port, another address, a port outside the range.
      socket('127.0.0.1', 1883, '127.0.0.1', 40_000),
      socket('127.0.0.1', 40_001, '127.0.0.1', 8883),
      socket('10.0.0.1', 40_002, '10.0.0.9', 1883),
      socket('127.0.0.1', 2000, '127.0.0.1', 1883),
    ];
    const machine = machineWith({ files: 100_000, sockets });
    expect(failureOf(needs(28_231), machine)).toBeUndefined();
    expect(failureOf(needs(28_232), machine)?.message).toContain('28,231 are free');
  });

  it('ports of connections that wait to be forgotten are free where the system uses them again', () => {
    const sockets = [socket('127.0.0.1', 40_000, '127.0.0.1', 1883, '06')];
    const free = (reuse: string, host: string): boolean => {
      const own = host === '127.0.0.1' ? sockets : [socket('10.0.0.1', 40_000, host, 1883, '06')];
      const machine = machineWith({ files: 100_000, sockets: own, reuse });
      return failureOf(needs(28_232, { endpoint: { host, port: 1883 } }), machine) === undefined;
    };
    expect([free('0', '127.0.0.1'), free('1', '127.0.0.1'), free('2', '127.0.0.1')]).toEqual([false, true, true]);
    expect([free('0', '10.0.0.9'), free('1', '10.0.0.9'), free('2', '10.0.0.9')]).toEqual([false, true, false]);
  });

  it('each local address has ports of its own, less those that anything has on it', () => {
    const sockets = [socket('127.0.0.2', 40_000, '127.0.0.9', 99), socket('127.0.0.1', 40_000, '127.0.0.1', 1883)];
    const machine = machineWith({ files: 100_000, sockets });
    const localAddresses = ['127.0.0.2', '127.0.0.3'];
    expect(failureOf(needs(56_463, { localAddresses }), machine)).toBeUndefined();
    expect(failureOf(needs(56_464, { localAddresses }), machine)?.message).toContain('56,463 are free');
  });

  it('the proxy is what is connected to, where there is one', () => {
    const proxy = { kind: 'socks5', host: '::1', port: 1080 } as const;
    const machine = machineWith({ files: 100_000 });
    const failure = failureOf(needs(30_000, { endpoint: { host: 'example.com', port: 1883, proxy } }), machine);
    expect(failure?.message).toContain('to [::1]:1080 need');
  });

  it('a Unix socket needs no port', () => {
    const endpoint = { host: '/run/mosquitto.sock', port: 0, unix: true };
    expect(failureOf(needs(60_000, { endpoint }), machineWith({ files: 100_000 }))).toBeUndefined();
  });

  it('nothing is known where there is no /proc', () => {
    expect(failureOf(needs(1_000_000), new FakeMachine())).toBeUndefined();
  });
});

describe('the sockets of this machine', () => {
  it('are read from the lists of IPv4 and IPv6', () => {
    const machine = machineWith({ sockets: ['0100007F:07E8 00000000:0000 0A'] });
    machine.files.set(
      '/proc/net/tcp6',
      '  sl  local_address\n' +
        '   0: 00000000000000000000000001000000:A001 00000000000000000000000001000000:075B 06 0:0 0:0 0 0\n' +
        '   1: 0000000000000000FFFF00000100007F:075B 0000000000000000FFFF00000100007F:A002 01 0:0 0:0 0 0\n',
    );
    expect(listSockets(machine)).toEqual([
      { local: addressInHex('127.0.0.1'), localPort: 2024, remote: '00000000', remotePort: 0, isWaiting: false },
      { local: addressInHex('::1'), localPort: 40_961, remote: addressInHex('::1'), remotePort: 1883, isWaiting: true },
      {
        local: addressInHex('127.0.0.1'),
        localPort: 1883,
        remote: addressInHex('127.0.0.1'),
        remotePort: 40_962,
        isWaiting: false,
      },
    ]);
  });

  it('are named by addresses in any form', () => {
    expect(addressInHex('127.0.0.1')).toBe('0100007F');
    expect(addressInHex('::1')).toBe('00000000000000000000000001000000');
    expect(addressInHex('fe80::1:2%eth0')).toBe(addressInHex('fe80:0:0:0:0:0:1:2'));
    expect(addressInHex('::ffff:127.0.0.1')).toBe('0100007F');
    expect(addressInHex('broker.example')).toBeUndefined();
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        expect(addressInHex(address)).toMatch(/^([\dA-F]{8}|[\dA-F]{32})$/);
      }),
    );
  });
});
