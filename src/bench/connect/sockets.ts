/** The sockets of this machine, as Linux lists them in `/proc/net/tcp` and `tcp6`. */
import { isIPv4, isIPv6 } from 'node:net';
import type { Machine } from '../../cli/context.ts';

/** One TCP socket; addresses as {@link addressInHex} writes them. */
export interface ListedSocket {
  readonly local: string;
  readonly localPort: number;
  readonly remote: string;
  readonly remotePort: number;
  /** Closed, and waiting for what may be late on the network. */
  readonly isWaiting: boolean;
}

const TIME_WAIT = '06';
const MAPPED = '0000000000000000FFFF0000';
const ROW = /^ *\d+: ([\dA-F]+):([\dA-F]{4}) ([\dA-F]+):([\dA-F]{4}) ([\dA-F]{2}) /gm;

/** All of them; none where the system does not list them. */
export function listSockets(machine: Machine): ListedSocket[] {
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((path) =>
    [...(machine.readText(path) ?? '').matchAll(ROW)].map(
      ([, local = '', localPort = '', remote = '', remotePort = '', state]) => ({
        local: withoutMapping(local),
        localPort: Number.parseInt(localPort, 16),
        remote: withoutMapping(remote),
        remotePort: Number.parseInt(remotePort, 16),
        isWaiting: state === TIME_WAIT,
      }),
    ),
  );
}

/** An address as the lists hold it: words of 32 bits, each with its lowest byte first. */
export function addressInHex(address: string): string | undefined {
  if (isIPv4(address)) return toWords(address.split('.').map(Number));
  if (!isIPv6(address)) return undefined;
  // The parser of URLs writes an address of any form in its shortest, without a dotted tail.
  const [host = ''] = address.split('%');
  const [head = '', tail] = new URL(`http://[${host}]/`).hostname.slice(1, -1).split('::');
  const groupsOf = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const first = groupsOf(head);
  const last = tail === undefined ? [] : groupsOf(tail);
  const zeros = Array.from({ length: tail === undefined ? 0 : 8 - first.length - last.length }, () => '0');
  const groups = [...first, ...zeros, ...last].map((group) => Number.parseInt(group, 16));
  return withoutMapping(toWords(groups.flatMap((group) => [group >> 8, group & 0xff])));
}

function toWords(bytes: readonly number[]): string {
  return bytes
    .map((_, index) => bytes[(index & ~3) + (3 - (index & 3))] ?? 0)
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase();
}

/** An IPv4 address in the list of IPv6 is the same address. */
function withoutMapping(address: string): string {
  return address.startsWith(MAPPED) ? address.slice(MAPPED.length) : address;
}
