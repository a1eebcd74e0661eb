/** Which of several sources holds, and which credentials stay behind with it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/cli/context.ts';
import { pubCommand } from '../../src/commands/pub.ts';
import type { ConnectionPlan } from '../../src/mqtt/connection-plan.ts';
import { indexOptions } from '../../src/options/argv.ts';
import { urlArgument } from '../../src/options/connection.ts';
import { everyOption } from '../../src/options/every-option.ts';
import { parseOptionsFile } from '../../src/options/options-file.ts';
import { parseOptions } from '../../src/options/parse.ts';
import { resolveConnection } from '../../src/options/resolve-connection.ts';

interface Sources {
  /** The options file, then the profile. */
  readonly files?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly argv?: readonly string[];
}

async function resolve({ files = [], env = {}, argv = [] }: Sources): Promise<ConnectionPlan> {
  const index = indexOptions(pubCommand.options);
  const others = indexOptions(everyOption);
  const values = parseOptions({
    specs: pubCommand.options,
    argv,
    env,
    files: files.flatMap((content, at) => parseOptionsFile(Buffer.from(content), `file${at}`, index, others)),
    positional: urlArgument,
  });
  return resolveConnection(values, { env, pid: 1 } as Context, 'mqtt-pub');
}

/** Such as `mqtts://user:password@host:port/path`, of what is connected to and sent. */
async function connects(sources: Sources): Promise<string> {
  const { endpoint, username, password } = await resolve(sources);
  const scheme = `${endpoint.webSocketPath === undefined ? 'mqtt' : 'ws'}${endpoint.tls ? 's' : ''}`;
  const login = username === undefined ? '' : `${username}${password === undefined ? '' : `:${password}`}@`;
  return `${scheme}://${login}${endpoint.host}:${endpoint.port}${endpoint.webSocketPath ?? ''}`;
}

describe('the broker', () => {
  it.each<[string, Sources]>([
    ['mqtt://localhost:1883', {}],
    ['mqtt://f:1', { files: ['-h f\n-p 1'] }],
    ['mqtt://p:1', { files: ['-h f\n-p 1', '-h p'] }],
    ['mqtt://e:1', { files: ['-h f\n-p 1'], env: { MQTT_HOST: 'e' } }],
    ['mqtt://a:3', { files: ['-h f\n-p 1'], env: { MQTT_HOST: 'e', MQTT_PORT: '2' }, argv: ['-h', 'a', '-p', '3'] }],
    ['mqtt://b:3', { argv: ['-h', 'a', '-p', '2', '-p', '3', '-h', 'b'] }],
    // A URL is host, port and scheme at once.
    ['mqtts://u:7', { argv: ['mqtts://u:7'], env: { MQTT_HOST: 'e', MQTT_PORT: '2' } }],
    ['mqtts://e:8883', { env: { MQTT_URL: 'mqtts://e', MQTT_HOST: 'x', MQTT_PORT: '2' } }],
    ['wss://e:443/x', { env: { MQTT_URL: 'wss://e/x' }, files: ['-h f\n-p 1'] }],
    ['mqtt://a:1883', { env: { MQTT_URL: 'wss://e/x' }, argv: ['-h', 'a'] }],
    ['mqtt://a:1883', { env: { MQTT_URL: 'wss://e/x' }, argv: ['mqtt://a'] }],
    ['wss://e:2/x', { env: { MQTT_URL: 'wss://e/x' }, argv: ['-p', '2'] }],
    ['mqtt://a:1883', { files: ['-L mqtts://f:7/t'], argv: ['-h', 'a'] }],
    ['mqtt://e:1883', { files: ['-L mqtts://f:7/t'], env: { MQTT_HOST: 'e' } }],
    ['mqtt://p:1883', { files: ['-L mqtts://f:7/t', '-h p'] }],
    ['mqtts://p:8', { files: ['-h f\n-p 1', '-L mqtts://p:8/t'] }],
    ['mqtts://h:7', { files: ['-L mqtts://f:7/t\n-h h'] }],
    ['mqtts://a:7', { argv: ['mqtts://u:7', '-h', 'a'] }],
    // Of several of a kind the last one holds, whole.
    ['mqtt://b:1883', { argv: ['-L', 'mqtts://a:7/t', 'mqtt://b'] }],
    ['mqtts://a:7', { argv: ['mqtt://b', '-L', 'mqtts://a:7/t'] }],
    ['mqtts://a:7', { argv: ['--unix', '/run/b', '-L', 'mqtts://a:7/t'] }],
    ['mqtt:///run/b:0', { argv: ['-L', 'mqtts://a:7/t', '--unix', '/run/b'] }],
    ['mqtt://a:1883', { files: ['--unix /run/b'], argv: ['-h', 'a'] }],
    ['mqtt://e:1883', { files: ['--unix /run/b'], env: { MQTT_HOST: 'e' } }],
    ['mqtt://p:1883', { files: ['--unix /run/b', '-h p'] }],
    ['mqtt:///run/b:0', { files: ['-L mqtts://f:7/t'], argv: ['--unix', '/run/b'] }],
    ['mqtt:///run/b:0', { env: { MQTT_URL: 'wss://e/x' }, files: ['-h f'], argv: ['--unix', '/run/b'] }],
  ])('is %s of %j', async (place, sources) => {
    expect(await connects(sources)).toBe(place);
  });
});

describe('credentials', () => {
  const own = '-h f\n-u ann\n-P sentinel';

  it.each<[string, Sources]>([
    ['mqtt://ann:sentinel@f:1883', { files: [own] }],
    ['mqtt://ann:sentinel@f:2', { files: [own], argv: ['-p', '2'] }],
    ['mqtt://ann:other@f:1883', { files: [own], env: { MQTT_PASSWORD: 'other' } }],
    ['mqtt://ann:typed@f:1883', { files: [own], env: { MQTT_PASSWORD: 'other' }, argv: ['-P', 'typed'] }],
    // Of a file that names no host they are for whatever host there is.
    ['mqtt://ann:p@a:1883', { files: ['-u ann\n-P p'], argv: ['-h', 'a'] }],
    ['mqtt://ann:p@p:1883', { files: ['-u ann\n-P p', '-h p'] }],
    ['mqtt://ann:p@f:1883', { files: ['-h f', '-u ann\n-P p'] }],
    // Given beside the host that is chosen, they are for it.
    ['mqtt://bob:p@a:1883', { files: [own], argv: ['-h', 'a', '-u', 'bob', '-P', 'p'] }],
    ['mqtt://bob:p@p:1883', { files: [own, '-h p\n-u bob\n-P p'] }],
    ['mqtt://bob:p@a:1883', { files: [own], env: { MQTT_USERNAME: 'bob', MQTT_PASSWORD: 'p' }, argv: ['-h', 'a'] }],
    // The part of them that was given again does not bring back the rest.
    ['mqtt://bob@a:1883', { files: [own], argv: ['-h', 'a', '-u', 'bob'] }],
    ['mqtt://bob@f:1883', { env: { MQTT_URL: 'mqtt://ann:sentinel@f' }, argv: ['-u', 'bob'] }],
    ['mqtt://ann@f:1883', { argv: ['mqtt://ann@f'] }],
  ])('%s of %j', async (place, sources) => {
    expect(await connects(sources)).toBe(place);
  });

  it('without the user name that they need are refused', async () => {
    await expect(connects({ files: ['-h f\n-u ann'], argv: ['-h', 'a', '-P', 'p'] })).rejects.toThrow(
      '-P: a password needs a user name',
    );
  });

  it('of the environment and of the command line are for whatever host there is', async () => {
    const env = { MQTT_USERNAME: 'ann', MQTT_PASSWORD: 'p' };
    expect(await connects({ env, argv: ['-h', 'a'] })).toBe('mqtt://ann:p@a:1883');
    expect(await connects({ env, files: ['-h f'] })).toBe('mqtt://ann:p@f:1883');
  });

  it('that came with a host are sent to no other, whatever stands beside them', async () => {
    const secret = fc.constantFrom(
      '-P sentinel',
      '--password-command echo sentinel',
      '--ws-header Authorization: sentinel',
      '-D connect authentication-method sentinel',
    );
    const withHost = fc
      .tuple(
        secret,
        fc.constantFrom('-h elsewhere', '-L mqtt://elsewhere/t', '--unix /elsewhere', '-L wss://elsewhere/t'),
      )
      .map(([one, host]) => `-u sentinel\n${host}\n${one}`);
    const noise = fc.constantFrom('', '-k 5', '-p 7', '-V 5', '--ws-path /x');
    const place = fc.constantFrom<Sources>(
      { argv: ['-h', 'here'] },
      { argv: ['mqtt://here'] },
      { argv: ['-L', 'ws://here/t'] },
      { argv: ['--unix', '/here'] },
      { env: { MQTT_HOST: 'here' } },
      { env: { MQTT_URL: 'mqtt://here' } },
      { files: ['-h here'] },
      { files: ['-L mqtt://here/t'] },
    );
    await fc.assert(
      fc.asyncProperty(withHost, noise, place, noise, async (file, before, stronger, after) => {
        const plan = await resolve({
          ...stronger,
          files: [`${before}\n${file}`, ...(stronger.files ?? []), after],
        });
        expect(plan.endpoint.host).toMatch(/^\/?here$/);
        expect(JSON.stringify(plan)).not.toContain('sentinel');
      }),
      { numRuns: 300 },
    );
  });
});
