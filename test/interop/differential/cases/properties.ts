/** `-D`: every property of every packet that can have it, as it goes over the wire. */
import type { PubCase, SubCase } from '../case.ts';

type Property = readonly [name: string, ...values: string[]];

const MESSAGE_PROPERTIES: readonly Property[] = [
  ['payload-format-indicator', '1'],
  ['payload-format-indicator', '0'],
  ['message-expiry-interval', '4294967295'],
  ['message-expiry-interval', '1'],
  ['content-type', 'text/plain; charset=utf-8'],
  ['content-type', 'ü'],
  ['response-topic', 'reply/to'],
  ['correlation-data', 'abc ü'],
  ['user-property', 'name', 'value'],
  ['user-property', 'näme', ''],
];

function given(packet: string, properties: readonly Property[]): readonly string[] {
  return properties.flatMap((words) => ['-D', packet, ...words]);
}

function publish(packet: string, ...properties: readonly Property[]): PubCase {
  const will = packet === 'will' ? ['--will-topic', 'w', '--will-payload', 'gone'] : [];
  return { words: ['-t', 'p/1', '-m', 'x', '-V', '5', ...will, ...given(packet, properties)] };
}

function subscribe(packet: string, ...properties: readonly Property[]): SubCase {
  const unsubscribes = packet === 'unsubscribe' ? ['-U', 'x'] : [];
  const words = ['-t', 'd/#', '-v', '-V', '5', ...unsubscribes, ...given(packet, properties)];
  return { words, messages: [{ topic: 'd/1', payload: 'x' }], wire: true };
}

const CONNECT: readonly Property[] = [
  ['session-expiry-interval', '10'],
  ['receive-maximum', '5'],
  ['topic-alias-maximum', '10'],
  ['maximum-packet-size', '1000'],
  ['request-problem-information', '0'],
  ['request-problem-information', '1'],
  ['request-response-information', '1'],
  ['user-property', 'name', 'value'],
];

const PUBLISHING: readonly PubCase[] = [
  ...MESSAGE_PROPERTIES.map((property) => publish('publish', property)),
  ...MESSAGE_PROPERTIES.map((property) => publish('will', property)),
  publish('will', ['will-delay-interval', '5']),
  publish(
    'publish',
    ...MESSAGE_PROPERTIES.filter(
      ([name], at, all) => name === 'user-property' || all.findIndex(([other]) => other === name) === at,
    ),
  ),
  publish('publish', ['user-property', 'a', '1'], ['user-property', 'b', '2'], ['user-property', 'a', '3']),
  publish('publish', ['user-property', '-D', '--help']),
  publish('PUBLISH', ['Content-Type', 'upper case']),
  ...CONNECT.map((property) => publish('connect', property)),
  publish('disconnect', ['user-property', 'name', 'value']),
  publish('disconnect', ['reason-string', 'bye']),
  publish('disconnect', ['session-expiry-interval', '0']),
  { words: ['-t', 'p/1', '-n', '-r', '-q', '1', '-V', '5', '-D', 'publish', 'content-type', 'x'] },
  { words: ['-t', 'p/1', '-s', '-V', '5', '--property', 'publish', 'content-type', 'x'], stdin: 'y' },
];

/** With a Topic Alias the Topic Name is sent once. */
const ALIASES: readonly PubCase[] = ['0', '1', '2'].flatMap((qos) => {
  const words = ['-t', 'p/1', '-q', qos, '-V', '5', '-D', 'publish', 'topic-alias', '1'];
  return [
    { words: [...words, '-m', 'x'] },
    { words: [...words, '-m', 'x', '--repeat', '3'] },
    { words: [...words, '-l'], stdin: 'one\ntwo\nthree\n' },
    { words: [...words, '-l', '-r'], stdin: 'one\ntwo\n' },
  ];
});

export const SUBSCRIBE_PROPERTY_CASES: readonly SubCase[] = [
  ...CONNECT.map((property) => subscribe('connect', property)),
  subscribe('subscribe', ['subscription-identifier', '1']),
  subscribe('subscribe', ['subscription-identifier', '268435455']),
  subscribe('subscribe', ['user-property', 'name', 'value'], ['user-property', 'name', 'again']),
  subscribe('unsubscribe', ['user-property', 'name', 'value']),
  subscribe('disconnect', ['user-property', 'name', 'value']),
  subscribe('disconnect', ['reason-string', 'bye']),
  subscribe('connect', ['user-property', 'a', '1'], ['receive-maximum', '7'], ['user-property', 'b', '']),
];

export const PROPERTY_CASES = { PUBLISHING, ALIASES };
