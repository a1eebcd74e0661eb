import { expect, it } from 'vitest';
import { TopicAliases } from '../../../src/bench/content/topic-aliases.ts';

it('gives each topic a number, as many as the broker takes, and says which are new [MQTT5 3.3.2.3.4]', () => {
  const aliases = new TopicAliases(2);
  expect(aliases.aliasOf('a')).toEqual({ number: 1, isNew: true });
  expect(aliases.aliasOf('b')).toEqual({ number: 2, isNew: true });
  expect(aliases.aliasOf('c')).toBeUndefined();
  expect(aliases.aliasOf('a')).toEqual({ number: 1, isNew: false });
  expect(new TopicAliases(0).aliasOf('a')).toBeUndefined();
});
