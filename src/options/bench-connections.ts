/** How mqtt-bench opens its connections; the same for every scenario. */
import { isIP } from 'node:net';
import { type OptionSpec, single, singleOr, ValueError } from './spec.ts';
import { wholeNumber } from './values.ts';

const MOST_PER_SECOND = 1_000_000;

export const connectRateOption = single({
  long: 'connect-rate',
  group: 'Load',
  summary: 'connections to open per second',
  value: 'RATE',
  defaultText: 'as fast as they are answered, 50 at a time',
  parse: wholeNumber(1, MOST_PER_SECOND, 'connections per second'),
});

export const localAddressOption = singleOr([] as readonly string[], {
  long: 'local-address',
  group: 'Connection',
  summary: 'local addresses to connect from in turn, with commas between: each has ports of its own',
  value: 'ADDRESSES',
  defaultText: 'the system chooses',
  parse: parseAddresses,
});

export const benchConnectionOptions: readonly OptionSpec[] = [connectRateOption, localAddressOption];

/** Addresses, not names: what a name stands for may change from one connection to the next. */
function parseAddresses(text: string): readonly string[] {
  const addresses = text.split(',');
  const wrong = addresses.find((address) => isIP(address) === 0);
  if (wrong !== undefined) {
    throw new ValueError('must be IP addresses with commas between', 'Such as 127.0.0.1,127.0.0.2');
  }
  if (new Set(addresses).size < addresses.length) throw new ValueError('must not name an address twice');
  if (new Set(addresses.map(isIP)).size > 1) throw new ValueError('must be all IPv4, or all IPv6');
  return addresses;
}
