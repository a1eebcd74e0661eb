import type { Context, Machine } from '../../cli/context.ts';
import { PublishRefusedError, UsageError } from '../../errors.ts';
import { formatAddress } from '../../mqtt/address.ts';
import type { Endpoint } from '../../mqtt/connection-plan.ts';
import { checkBrokerLimits } from '../../mqtt/limits.ts';
import type { OutgoingMessage, SessionInfo } from '../../mqtt/session.ts';
import { formatCount, formatQuantity } from '../../output/units.ts';
import { addressInHex, type ListedSocket, listSockets } from './sockets.ts';

/** What a run is going to open. */
export interface Needs {
  /** At most at the same time. */
  readonly connections: number;
  /** To connect from in turn; none: the system chooses one. */
  readonly localAddresses: readonly string[];
  readonly endpoint: Endpoint;
  /** The other ends of the connections are in this process too. */
  readonly embedded?: boolean;
}

/** Files that a run opens beside its connections: results, name servers, the threads of workers. */
const SPARE_FILES = 32;
const LOOPBACK: readonly (string | undefined)[] = ['127.0.0.1', '::1'].map(addressInHex);

/**
 * Throws UsageError when this machine cannot open as many connections as a run needs, as far as it tells: before the
 * first one is opened. Elsewhere than on Linux nothing is known.
 */
export function preflight(needs: Needs, { machine }: Pick<Context, 'machine'>): void {
  checkFiles(needs, machine);
  checkPorts(needs, machine);
}

function checkFiles({ connections, embedded }: Needs, machine: Machine): void {
  // Node has raised the soft limit to the hard one by now.
  const limit = /^Max open files +(\d+)/m.exec(machine.readText('/proc/self/limits') ?? '')?.[1];
  if (limit === undefined) return;
  const open = machine.countNames('/proc/self/fd') ?? 0;
  const needed = connections * (embedded ? 2 : 1) + open + SPARE_FILES;
  if (needed <= Number(limit)) return;
  throw new UsageError(
    `${formatQuantity(connections, 'connection')} need ${formatCount(needed)} open files, and this process may have ${formatCount(Number(limit))}`,
    `Raise the hard limit first: "ulimit -n ${needed}" as root, "nofile" in /etc/security/limits.conf, LimitNOFILE= of a service.`,
  );
}

function checkPorts({ connections, endpoint, localAddresses }: Needs, machine: Machine): void {
  const range = /^(\d+)\s+(\d+)/.exec(machine.readText('/proc/sys/net/ipv4/ip_local_port_range') ?? '');
  if (endpoint.unix || range === null) return;
  const [lowest, highest] = [Number(range[1]), Number(range[2])];
  const size = highest - lowest + 1;
  // The lists of sockets are long on a busy machine; few connections need no look.
  if (connections <= size / 10) return;
  const sockets = listSockets(machine).filter(({ localPort }) => localPort >= lowest && localPort <= highest);
  const countFree = (isTaken: (socket: ListedSocket) => boolean): number =>
    Math.max(0, size - new Set(sockets.filter(isTaken).map(({ localPort }) => localPort)).size);
  const free =
    localAddresses.length === 0
      ? countFree(isTowards(endpoint, machine))
      : localAddresses.map(addressInHex).reduce((sum, address) => sum + countFree(({ local }) => local === address), 0);
  if (connections <= free) return;
  throw new UsageError(
    `${formatQuantity(connections, 'connection')} to ${formatAddress(endpoint.proxy ?? endpoint)} need as many ports, and ${formatCount(free)} are free (${lowest} to ${highest})`,
    `Each address has ports of its own: --local-address A,B,... (127.0.0.2 and so on to this machine). Or widen the range: sysctl -w net.ipv4.ip_local_port_range="1024 65535"`,
  );
}

/** Whether a socket takes away a port for connections to the endpoint: one port serves many destinations, each once. */
function isTowards(endpoint: Endpoint, machine: Machine): (socket: ListedSocket) => boolean {
  const { host, port } = endpoint.proxy ?? endpoint;
  // What a name stands for is not known yet, and none is counted: better a late error than a wrong one.
  const addresses = host === 'localhost' ? LOOPBACK : [addressInHex(host)];
  const reuse = (machine.readText('/proc/sys/net/ipv4/tcp_tw_reuse') ?? '0').trim();
  const reusesWaiting = reuse === '1' || (reuse === '2' && addresses.every((address) => LOOPBACK.includes(address)));
  return ({ isWaiting, remote, remotePort }) =>
    remotePort === port && addresses.includes(remote) && !(isWaiting && reusesWaiting);
}

/**
 * Throws PublishRefusedError for a message that the broker said in CONNACK it would not take, with what to change here
 * or there.
 */
export function checkBroker(message: OutgoingMessage, info: SessionInfo): void {
  try {
    checkBrokerLimits(message, info);
  } catch (error) {
    if (!(error instanceof PublishRefusedError)) throw error;
    throw new PublishRefusedError(error.message, hintFor(message, info));
  }
}

function hintFor(
  { properties, qos }: OutgoingMessage,
  { maximumQoS, topicAliasMaximum = 0, version }: SessionInfo,
): string {
  if (qos > maximumQoS) return `Use -q ${maximumQoS}; in mosquitto, max_qos allows more.`;
  if ((properties?.topicAlias ?? 0) > topicAliasMaximum) {
    if (version < 5) return 'Do without --topic-alias, which is of MQTT 5: this connection is not.';
    return 'Do without --topic-alias; in mosquitto, max_topic_alias allows more.';
  }
  return 'Use a smaller --size; in mosquitto, max_packet_size allows more.';
}
