import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findFilterFault, findTopicNameFault, topicMatches } from '../../src/mqtt/topic.ts';

/** Words that make matches likely. */
const level = fc.constantFrom('', 'a', 'b', '$', '$SYS', ' ', 'é', 'A');
const topicName = fc.array(level, { minLength: 1, maxLength: 5 }).map((levels) => levels.join('/'));
const topicFilter = fc
  .tuple(
    fc.array(fc.oneof({ weight: 2, arbitrary: level }, fc.constant('+')), { minLength: 1, maxLength: 5 }),
    fc.boolean(),
  )
  .map(([levels, all]) => (all ? [...levels, '#'] : levels).join('/'))
  .chain((filter) => fc.constantFrom(filter, filter, filter, '#'));

/** The rules as the specification tells them, level by level, without any haste. [MQTT5 4.7.1] */
function matchesNaively(filter: string, topic: string): boolean {
  const matchLevels = (filters: readonly string[], topics: readonly string[]): boolean => {
    const [first, ...filtersLeft] = filters;
    const [head, ...topicsLeft] = topics;
    if (first === undefined) return head === undefined;
    // The multi-level wildcard represents the parent and any number of child levels.
    if (first === '#') return true;
    if (head === undefined) return false;
    return (first === '+' || first === head) && matchLevels(filtersLeft, topicsLeft);
  };
  const startsWithWildcard = filter.startsWith('+') || filter.startsWith('#');
  if (topic.startsWith('$') && startsWithWildcard) return false;
  return matchLevels(filter.split('/'), topic.split('/'));
}

describe('a Topic Filter', () => {
  it('matches as the naive reading of the specification does [MQTT5 4.7.1]', () => {
    fc.assert(
      fc.property(topicFilter, topicName, (filter, topic) => {
        expect(topicMatches(filter, topic)).toBe(matchesNaively(filter, topic));
      }),
      { numRuns: 5000 },
    );
  });

  it('without wildcards matches itself and nothing else [MQTT-4.7.3-4]', () => {
    fc.assert(
      fc.property(topicName, topicName, (filter, topic) => {
        expect(topicMatches(filter, topic)).toBe(filter === topic);
      }),
    );
  });

  // The examples of the specification itself.
  it.each<[string, string, boolean]>([
    ['sport/tennis/player1/#', 'sport/tennis/player1', true],
    ['sport/tennis/player1/#', 'sport/tennis/player1/ranking', true],
    ['sport/tennis/player1/#', 'sport/tennis/player1/score/wimbledon', true],
    ['sport/#', 'sport', true],
    ['#', 'a', true],
    ['#', '/', true],
    ['sport/tennis/+', 'sport/tennis/player1', true],
    ['sport/tennis/+', 'sport/tennis/player1/ranking', false],
    ['sport/+', 'sport', false],
    ['sport/+', 'sport/', true],
    ['+/+', '/finance', true],
    ['/+', '/finance', true],
    ['+', '/finance', false],
    ['+/tennis/#', 'sport/tennis', true],
    ['a//b', 'a/b', false],
    ['a/+/b', 'a//b', true],
    ['ACCOUNTS', 'Accounts', false],
    ['/finance', 'finance', false],
    ['\ufeffa', 'a', false],
  ])('%s matches %s: %s [MQTT5 4.7.1] [MQTT5 4.7.3]', (filter, topic, matches) => {
    expect(topicMatches(filter, topic)).toBe(matches);
  });

  it.each<[string, string, boolean]>([
    ['#', '$SYS/x', false],
    ['+/monitor/Clients', '$SYS/monitor/Clients', false],
    ['+', '$SYS', false],
    ['$SYS/#', '$SYS/x', true],
    ['$SYS/#', '$SYS', true],
    ['$SYS/monitor/+', '$SYS/monitor/Clients', true],
    ['$+/x', '$SYS/x', false],
    ['#', 'a/$SYS', true],
    ['/#', '/$SYS', true],
  ])('%s matches %s, which starts with $: %s [MQTT-4.7.2-1]', (filter, topic, matches) => {
    expect(topicMatches(filter, topic)).toBe(matches);
  });

  it.each([
    'a',
    '/',
    '//',
    ' ',
    '#',
    '+',
    'a/#',
    '+/#',
    '/+',
    'a/+/b/#',
    '$SYS/#',
    'é/😀',
    '$shared/#',
    '$share/g/#',
    '$share/g//',
    '$share/g/+/a',
    '$share/g/$share',
  ])('may be %s', (filter) => {
    expect(findFilterFault(filter)).toBe(undefined);
  });

  it.each(['a#', '#a', 'a/#/b', '#/', '##', 'a/b#', '+#', '#/#'])(
    'has # alone in the last level, which %s has not [MQTT-4.7.1-1]',
    (filter) => {
      expect(findFilterFault(filter)?.reason).toBe('"#" must stand alone in the last level');
    },
  );

  it.each(['a+', '+a', 'a/b+/c', '++', '/+a/'])(
    'has + alone in its level, which %s has not [MQTT-4.7.1-2]',
    (filter) => {
      expect(findFilterFault(filter)?.reason).toBe('"+" must stand alone in its level');
    },
  );

  it.each(['$share', '$share/', '$share//a', '$share/+/a', '$share/#', '$share/a+b/c'])(
    'that is shared has a ShareName without wildcards, which %s has not [MQTT-4.8.2-1] [MQTT-4.8.2-2]',
    (filter) => {
      expect(findFilterFault(filter)).toBeDefined();
    },
  );

  it.each(['$share/g', '$share/g/'])(
    'that is shared has a filter after the ShareName, which %s has not [MQTT-4.8.2-2]',
    (filter) => {
      expect(findFilterFault(filter)?.reason).toContain('must have a Topic Filter after the ShareName');
    },
  );
});

describe('a Topic Name', () => {
  it.each(['a', '/', '//', ' ', 'a b', '$SYS', '$share/g/a', 'é/😀', 'A/a', 'a/', '\u{10fffd}'])(
    'may be %j',
    (topic) => {
      expect(findTopicNameFault(topic)).toBe(undefined);
    },
  );

  it.each(['#', '+', 'a/#', '+/a', 'a#b', 'a+'])(
    'has no wildcards, which %s has [MQTT-4.7.0-1] [MQTT-3.3.2-2]',
    (topic) => {
      expect(findTopicNameFault(topic)?.reason).toBe('must not hold the wildcards + and #');
    },
  );

  it('is one exactly when it is a filter without wildcards', () => {
    fc.assert(
      fc.property(topicFilter, (filter) => {
        expect(findTopicNameFault(filter) === undefined).toBe(!/[+#]/.test(filter) && filter !== '');
      }),
    );
  });
});

describe.each([
  ['Topic Name', findTopicNameFault],
  ['Topic Filter', findFilterFault],
])('a %s', (_name, findFault) => {
  it('has at least one character [MQTT-4.7.3-1]', () => {
    expect(findFault('')?.reason).toBe('must not be empty');
  });

  it('has no U+0000 [MQTT-4.7.3-2]', () => {
    expect(findFault('a\u0000')?.reason).toBe('must not hold the control character U+0000');
  });

  it('is at most 65,535 bytes long in UTF-8 [MQTT-4.7.3-3]', () => {
    expect(findFault('x'.repeat(65_535))).toBe(undefined);
    expect(findFault('x'.repeat(65_536))?.reason).toBe('must be at most 65535 bytes long');
    expect(findFault('é'.repeat(32_767))).toBe(undefined);
    expect(findFault('é'.repeat(32_768))?.reason).toBe('must be at most 65535 bytes long');
  });

  it.each(['\ud800', 'a\udc00', '\udc00\ud800'])('is well-formed, which %j is not [MQTT-1.5.4-1]', (text) => {
    expect(findFault(text)?.reason).toBe('must be valid UTF-8');
  });

  it.each([
    ['\u0001', 'control character U+0001'],
    ['\n', 'control character U+000A'],
    ['\u007f', 'control character U+007F'],
    ['\u009f', 'control character U+009F'],
    ['\ufdd0', 'non-character U+FDD0'],
    ['\uffff', 'non-character U+FFFF'],
    ['\u{1fffe}', 'non-character U+1FFFE'],
    ['\u{10ffff}', 'non-character U+10FFFF'],
  ])('has none of the characters that it SHOULD NOT have, such as %j [MQTT5 1.5.4]', (character, named) => {
    expect(findFault(`a/${character}`)?.reason).toBe(`must not hold the ${named}`);
  });

  it('keeps U+FEFF and spaces as they are [MQTT-1.5.4-3] [MQTT5 4.7.3]', () => {
    expect(findFault('\ufeffa b ')).toBe(undefined);
  });

  it('has at most 200 separators', () => {
    expect(findFault('/'.repeat(200))).toBe(undefined);
    expect(findFault('/'.repeat(201))?.reason).toBe('must have at most 200 "/"');
  });

  it('is taken or refused, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.integer({ min: 0, max: 0x10ffff }).map((code) => String.fromCodePoint(code)) }),
        (text) => {
          const fault = findFault(text);
          // What is taken can be sent: as UTF-8 and back it is the same.
          if (fault === undefined) expect(Buffer.from(text).toString()).toBe(text);
          else expect(fault.reason).toMatch(/^("[+#]" )?must /);
        },
      ),
    );
  });
});
