/** The modules that the bundle puts in place of others behave as those do, where anyone looks. */
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { everyOption } from '../../src/options/every-option.ts';

const require = createRequire(import.meta.url);

describe('small-lru-cache', () => {
  interface Cache {
    readonly size: number;
    get(key: number): string | undefined;
    set(key: number, value: string): unknown;
    keys(): Iterable<number>;
    clear(): void;
  }
  type CacheModule = { LRUCache: new (options: { max: number }) => Cache };
  const small = require('../../scripts/shims/small-lru-cache.cjs') as CacheModule;
  const real = require('lru-cache') as CacheModule;

  it('does what lru-cache does, for the members that MQTT.js uses', () => {
    const step = fc.record({
      kind: fc.constantFrom('get', 'get', 'set', 'set', 'clear'),
      key: fc.integer({ min: 1, max: 8 }),
      value: fc.string({ maxLength: 3 }),
    });
    const max = fc.integer({ min: 1, max: 6 });
    fc.assert(
      fc.property(max, fc.array(step, { maxLength: 40 }), (size, steps) => {
        const caches = [new small.LRUCache({ max: size }), new real.LRUCache({ max: size })] as const;
        for (const { kind, key, value } of steps) {
          const answers = caches.map((cache) => {
            if (kind === 'get') return cache.get(key);
            if (kind === 'set') cache.set(key, value);
            else cache.clear();
            return undefined;
          });
          expect(answers[0]).toBe(answers[1]);
          expect([...caches[0].keys()]).toEqual([...caches[1].keys()]);
          expect(caches[0].size).toBe(caches[1].size);
        }
      }),
    );
  });
});

describe('no-debug', () => {
  it('can be called as MQTT.js and mqtt-packet call debug, and says nothing', () => {
    const debug = require('../../scripts/shims/no-debug.cjs') as (name: string) => {
      (format: string, ...values: unknown[]): void;
      enabled: boolean;
      extend: (name: string) => unknown;
    };
    const log = debug('mqttjs:client');
    expect(log('value %o', 1)).toBeUndefined();
    expect(log.enabled).toBe(false);
    expect(typeof log.extend('part')).toBe('function');
  });
});

describe('native-timers', () => {
  it('has the functions of worker-timers', () => {
    const timers = require('../../scripts/shims/native-timers.cjs') as Record<string, unknown>;
    expect(Object.keys(timers).sort()).toEqual(['clearInterval', 'clearTimeout', 'setInterval', 'setTimeout']);
  });
});

describe('yargs', () => {
  interface Chain {
    parserConfiguration(given: object): Chain;
    help(is: boolean): Chain;
    version(is: boolean): Chain;
    exitProcess(is: boolean): Chain;
    strictOptions(): Chain;
    fail(callback: (message: string) => never): Chain;
    option(name: string, given: object): Chain;
    parseSync(words: readonly string[]): Record<string, unknown>;
  }
  type Yargs = () => Chain;

  it('is told nothing but numbers, and finds the same in them as the whole of yargs', async () => {
    const { default: small } = (await import('../../scripts/shims/yargs.mjs' as string)) as { default: Yargs };
    const { default: whole } = (await import('yargs')) as unknown as { default: Yargs };
    /** As src/options/parse.ts calls it. */
    const parse = (yargs: Yargs, used: readonly string[], words: readonly string[]): Record<string, unknown> => {
      const parser = yargs()
        .parserConfiguration({
          'boolean-negation': false,
          'camel-case-expansion': false,
          'dot-notation': false,
          'parse-numbers': false,
          'parse-positional-numbers': false,
        })
        .help(false)
        .version(false)
        .exitProcess(false)
        .strictOptions()
        .fail((message) => {
          throw new Error(message);
        });
      for (const name of used) parser.option(name, { type: 'string', array: true, nargs: 1 });
      const { $0: _, ...parsed } = parser.parseSync(words);
      return parsed;
    };
    const name = fc.constantFrom(...new Set(everyOption.map(({ long }) => long)));
    const token = fc.option(name, { nil: undefined, freq: 4 });
    fc.assert(
      fc.property(fc.array(token, { maxLength: 20 }), (tokens) => {
        const used = [...new Set(tokens.filter((one) => one !== undefined))];
        const words = tokens.map((one, number) => (one === undefined ? String(number) : `--${one}=${number}`));
        expect(parse(small, used, words)).toEqual(parse(whole, used, words));
      }),
      { numRuns: 300 },
    );
  });
});
