import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ValueError } from '../../src/options/spec.ts';
import { type BrokerUrl, expandUrl, parseBrokerUrl, parseMosquittoUrl, redactUrl } from '../../src/options/url.ts';
import { anyText } from './parsing.ts';

function reasonOf(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    expect(error).toBeInstanceOf(ValueError);
    const { message, hint } = error as ValueError;
    return hint === undefined ? message : `${message}\n${hint}`;
  }
  throw new Error('nothing was thrown');
}

describe('a broker URL', () => {
  it.each<[string, BrokerUrl]>([
    ['mqtt://h', { scheme: 'mqtt', host: 'h', port: 1883 }],
    ['mqtts://h', { scheme: 'mqtts', host: 'h', port: 8883 }],
    ['ws://h', { scheme: 'ws', host: 'h', port: 80, path: '/mqtt' }],
    ['wss://h', { scheme: 'wss', host: 'h', port: 443, path: '/mqtt' }],
    ['MQTTS://Broker.Lan', { scheme: 'mqtts', host: 'Broker.Lan', port: 8883 }],
    ['mqtt://h:1', { scheme: 'mqtt', host: 'h', port: 1 }],
    ['mqtt://h:65535/', { scheme: 'mqtt', host: 'h', port: 65_535 }],
    ['ws://h:9001/', { scheme: 'ws', host: 'h', port: 9001, path: '/mqtt' }],
    ['ws://h/a/b?c=d', { scheme: 'ws', host: 'h', port: 80, path: '/a/b?c=d' }],
    ['mqtt://127.0.0.1:1', { scheme: 'mqtt', host: '127.0.0.1', port: 1 }],
    ['mqtt://[::1]', { scheme: 'mqtt', host: '::1', port: 1883 }],
    ['mqtts://[2001:DB8::a]:8884', { scheme: 'mqtts', host: '2001:DB8::a', port: 8884 }],
    ['mqtt://[::ffff:1.2.3.4]:1', { scheme: 'mqtt', host: '::ffff:1.2.3.4', port: 1 }],
    ['mqtt://[fe80::1%eth0]', { scheme: 'mqtt', host: 'fe80::1%eth0', port: 1883 }],
    ['mqtt://u@h', { scheme: 'mqtt', host: 'h', port: 1883, username: 'u' }],
    ['mqtt://u:p@h', { scheme: 'mqtt', host: 'h', port: 1883, username: 'u', password: 'p' }],
    ['mqtt://u:@h', { scheme: 'mqtt', host: 'h', port: 1883, username: 'u', password: '' }],
    ['mqtt://:p@h', { scheme: 'mqtt', host: 'h', port: 1883, password: 'p' }],
    ['mqtt://@h', { scheme: 'mqtt', host: 'h', port: 1883 }],
    ['mqtt://u:p@ss:w@h:1', { scheme: 'mqtt', host: 'h', port: 1, username: 'u', password: 'p@ss:w' }],
    ['mqtt://u:p@[::1]:1', { scheme: 'mqtt', host: '::1', port: 1, username: 'u', password: 'p' }],
    ['mqtt://u%40x:%3A%2F%25@h', { scheme: 'mqtt', host: 'h', port: 1883, username: 'u@x', password: ':/%' }],
    ['mqtt://%C3%A9:p%C3%A9@h', { scheme: 'mqtt', host: 'h', port: 1883, username: 'é', password: 'pé' }],
    ['mqtt://müller:straße@h', { scheme: 'mqtt', host: 'h', port: 1883, username: 'müller', password: 'straße' }],
    ['mqtt://u:+ x@h', { scheme: 'mqtt', host: 'h', port: 1883, username: 'u', password: '+ x' }],
  ])('%s', (text, url) => {
    expect(parseBrokerUrl(text)).toEqual(url);
  });

  it.each([
    '',
    'h',
    'h:1883',
    'mqtt:h',
    'mqtt:/h',
    '//h',
    'http://h',
    'tcp://h',
    'ssl://h',
    'mqtt+ssl://h',
    ' mqtt://h',
  ])('is not "%s"', (text) => {
    expect(reasonOf(() => parseBrokerUrl(text))).toContain('is not a broker URL\nA broker URL is mqtt://');
  });

  it.each([
    'mqtt://',
    'mqtt:///',
    'mqtt://:1883',
    'mqtt://h:',
    'mqtt://h:abc',
    'mqtt://h:-1',
    'mqtt://h:1:2',
    'mqtt://h:123456',
    'mqtt://::1',
    'mqtt://[::1',
    'mqtt://[]:1',
    'mqtt://[h]',
    'mqtt://a b',
    'mqtt://u:p@',
    'mqtt://h\n',
  ])('%j names no host and port', (text) => {
    expect(reasonOf(() => parseBrokerUrl(text))).toContain('does not name a host and port');
  });

  it.each(['mqtt://h:0', 'mqtt://h:65536', 'mqtt://h:99999'])('%s has no such port', (text) => {
    expect(reasonOf(() => parseBrokerUrl(text))).toContain('has a port that is not from 1 to 65535');
  });

  it.each(['mqtt://u:50%@h', 'mqtt://u%zz@h', 'mqtt://u:%ff@h', 'mqtt://u:%@h'])('%s has a broken escape', (text) => {
    expect(reasonOf(() => parseBrokerUrl(text))).toBe(
      'has a user name or password with a broken %-escape\nA percent sign itself is written %25.',
    );
  });

  it.each([
    ['mqtt://h/a/b', 'a/b'],
    ['mqtts://h:1/a', 'a'],
    ['mqtt://h?a', '?a'],
    ['mqtt://h/a#b', 'a#b'],
  ])('%s has a path, which may be meant for -t', (text, topic) => {
    expect(reasonOf(() => parseBrokerUrl(text))).toBe(
      `must not have a path\nThe topic is given with -t: -t '${topic}'`,
    );
  });

  it.each(['mqtt://u:12/sentinel@h', 'mqtt://u:12?sentinel@h', 'mqtt://u:12#sentinel@h', 'ws://u:12/sentinel@h'])(
    '%s has a password that must be escaped, and does not tell it',
    (text) => {
      const reason = reasonOf(() => parseBrokerUrl(text));
      expect(reason).toBe(
        'has a "/", "?" or "#" before an "@"\nIn a user name or password they are written %2F, %3F and %23; an "@" in a path is %40.',
      );
    },
  );

  it('takes any user name and password, escaped', () => {
    const wellFormed = anyText.filter((text) => text.isWellFormed());
    fc.assert(
      fc.property(wellFormed, wellFormed, (username, password) => {
        const escaped = `mqtt://${encodeURIComponent(username)}:${encodeURIComponent(password)}@h:1`;
        expect(parseBrokerUrl(escaped)).toEqual({
          scheme: 'mqtt',
          host: 'h',
          port: 1,
          password,
          ...(username !== '' && { username }),
        });
      }),
    );
  });

  it('is understood or refused, whatever it is', () => {
    fc.assert(
      fc.property(fc.constantFrom('mqtt://', 'wss://', 'mqtt', ''), anyText, (scheme, rest) => {
        for (const parse of [parseBrokerUrl, parseMosquittoUrl]) {
          try {
            const { host, port } = parse(`${scheme}${rest}`);
            expect(host).not.toBe('');
            expect(port).toBeGreaterThan(0);
            expect(port).toBeLessThan(65_536);
          } catch (error) {
            expect(error).toBeInstanceOf(ValueError);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('the URL of -L', () => {
  it.each<[string, BrokerUrl]>([
    ['mqtt://h/a', { scheme: 'mqtt', host: 'h', port: 1883, topic: 'a' }],
    ['mqtts://h/a', { scheme: 'mqtts', host: 'h', port: 8883, topic: 'a' }],
    ['ws://h/a', { scheme: 'ws', host: 'h', port: 1883, topic: 'a', path: '/mqtt' }],
    ['wss://h/a', { scheme: 'wss', host: 'h', port: 8883, topic: 'a', path: '/mqtt' }],
    ['mqtt://h/a/b/', { scheme: 'mqtt', host: 'h', port: 1883, topic: 'a/b/' }],
    ['mqtt://h//a', { scheme: 'mqtt', host: 'h', port: 1883, topic: '/a' }],
    ['mqtt://h/a/#', { scheme: 'mqtt', host: 'h', port: 1883, topic: 'a/#' }],
    ['mqtt://h/a?b=c', { scheme: 'mqtt', host: 'h', port: 1883, topic: 'a?b=c' }],
    ['mqtt://h/%41 b', { scheme: 'mqtt', host: 'h', port: 1883, topic: '%41 b' }],
    ['mqtt://h/a@b:c', { scheme: 'mqtt', host: 'h', port: 1883, topic: 'a@b:c' }],
    ['mqtt://[::1]:1/a', { scheme: 'mqtt', host: '::1', port: 1, topic: 'a' }],
    ['mqtt://u:p@ss@h:1/a@b', { scheme: 'mqtt', host: 'h', port: 1, username: 'u', password: 'p@ss', topic: 'a@b' }],
    ['mqtt://u:%2F@h/a', { scheme: 'mqtt', host: 'h', port: 1883, username: 'u', password: '/', topic: 'a' }],
    ['Mqtt://u:#?@h/a', { scheme: 'mqtt', host: 'h', port: 1883, username: 'u', password: '#?', topic: 'a' }],
  ])('%s', (text, url) => {
    expect(parseMosquittoUrl(text)).toEqual(url);
  });

  it.each(['mqtt://h', 'mqtt://h/', 'mqtt://u:p@h', 'mqtt://'])('%s lacks the topic', (text) => {
    expect(reasonOf(() => parseMosquittoUrl(text))).toBe(
      'must end with the topic\nSuch as -L mqtt://localhost/my/topic',
    );
  });

  it.each(['h/a', 'http://h/a', '/a', ''])('is not "%s"', (text) => {
    expect(reasonOf(() => parseMosquittoUrl(text))).toContain('is not a broker URL');
  });
});

describe('what a URL sets', () => {
  it('is what it says, and no more', () => {
    expect(expandUrl(parseBrokerUrl('mqtt://h'))).toEqual([
      { long: 'host', word: 'h' },
      { long: 'port', word: '1883' },
    ]);
    expect(expandUrl(parseMosquittoUrl('mqtt://u:@h:1/t'))).toEqual([
      { long: 'host', word: 'h' },
      { long: 'port', word: '1' },
      { long: 'username', word: 'u' },
      { long: 'pw', word: '' },
      { long: 'topic', word: 't' },
    ]);
  });
});

describe('a URL in a message', () => {
  it.each([
    ['mqtt://u:secret@h/a', 'mqtt://***@h/a'],
    ['mqtt://u:se@cret@h', 'mqtt://***@h'],
    ['u:secret@h', '***@h'],
    ['mqtt://u:se/cret@h', 'mqtt://***@h'],
    ['mqtt://u:se\ncret@h', 'mqtt://***@h'],
    ['mqtt://h/a', 'mqtt://h/a'],
  ])('%j shows no credentials', (text, shown) => {
    expect(redactUrl(text)).toBe(shown);
  });

  it('shows nothing of what stands before its last "@"', () => {
    fc.assert(
      fc.property(anyText, (before) => {
        expect(redactUrl(`mqtt://u:${before}sentinel@h`)).not.toContain('sentinel');
      }),
    );
  });
});
