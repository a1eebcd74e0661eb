import { describe, expect, it } from 'vitest';
import { faultOfAsync } from './parsing.ts';
import { resolve } from './resolving.ts';

const fault = (...argv: string[]): Promise<string> => faultOfAsync(resolve(argv));

describe('a connection without options', () => {
  it('is to localhost, with what the broker prefers', async () => {
    expect(await resolve([])).toEqual({
      endpoint: { host: 'localhost', port: 1883 },
      version: 'auto',
      clientId: '',
      generatedClientIdPrefix: 'mqtt-pub-',
      keepAliveSeconds: 60,
      cleanStart: true,
      connectTimeoutMs: 10_000,
    });
  });

  it('is made of the options', async () => {
    const argv = [
      '-h',
      'h',
      '-p',
      '1',
      '-V',
      '311',
      '-i',
      'x',
      '-k',
      '5',
      '-u',
      'u',
      '-P',
      'p',
      '--connect-timeout',
      '2',
    ];
    expect(await resolve(argv)).toEqual({
      endpoint: { host: 'h', port: 1 },
      version: 4,
      clientId: 'x',
      generatedClientIdPrefix: 'mqtt-pub-',
      username: 'u',
      password: Buffer.from('p'),
      passwordSource: '-P',
      keepAliveSeconds: 5,
      cleanStart: true,
      connectTimeoutMs: 2000,
    });
  });
});

describe('the endpoint', () => {
  it.each<[string[], object]>([
    [['-h', 'h'], { host: 'h', port: 1883 }],
    [['-p', '1'], { host: 'localhost', port: 1 }],
    [['-h', '::1'], { host: '::1', port: 1883 }],
    [['mqtt://h'], { host: 'h', port: 1883 }],
    [['mqtt://[::1]:1'], { host: '::1', port: 1 }],
    [['ws://h'], { host: 'h', port: 80, webSocketPath: '/mqtt' }],
    [['ws://h:1/x?y'], { host: 'h', port: 1, webSocketPath: '/x?y' }],
    [['-L', 'ws://h/a'], { host: 'h', port: 1883, webSocketPath: '/mqtt' }],
    [['mqtts://h'], { host: 'h', port: 8883, tls: { insecure: false } }],
    [['wss://h'], { host: 'h', port: 443, webSocketPath: '/mqtt', tls: { insecure: false } }],
    [['-L', 'wss://h/a'], { host: 'h', port: 8883, webSocketPath: '/mqtt', tls: { insecure: false } }],
    [['-p', '8883'], { host: 'localhost', port: 8883, tls: { insecure: false } }],
    [['mqtts://h', '--insecure'], { host: 'h', port: 8883, tls: { insecure: true } }],
    [['mqtts://h', '-p', '1'], { host: 'h', port: 1, tls: { insecure: false } }],
    [['-p', '1', 'mqtts://h'], { host: 'h', port: 8883, tls: { insecure: false } }],
    [['--unix', '/run/x'], { host: '/run/x', port: 0, unix: true }],
  ])('of %j', async (argv, endpoint) => {
    expect((await resolve(argv)).endpoint).toEqual(endpoint);
  });
});

describe('a URL of a weaker source', () => {
  const env = { MQTT_URL: 'wss://u:sentinel@b:1/x' };

  it('is used whole where nothing stronger names the broker', async () => {
    expect(await resolve([], env)).toMatchObject({
      endpoint: { host: 'b', port: 1, webSocketPath: '/x', tls: {} },
      username: 'u',
      password: Buffer.from('sentinel'),
      passwordSource: 'MQTT_URL',
    });
    expect(await resolve(['-p', '2'], env)).toMatchObject({ endpoint: { host: 'b', port: 2, webSocketPath: '/x' } });
  });

  it.each([[['-h', 'other']], [['mqtt://other']], [['-L', 'mqtt://other/a']]])(
    'is dropped whole, with its credentials, before %j',
    async (argv) => {
      const plan = await resolve(argv, env);
      expect(plan.endpoint).toEqual({ host: 'other', port: 1883 });
      expect(plan).not.toHaveProperty('username');
      expect(plan).not.toHaveProperty('password');
      expect(JSON.stringify(plan)).not.toContain('sentinel');
    },
  );

  it('stays dropped where the stronger host is the same', async () => {
    // Whoever names the host again may mean another broker behind it: credentials are given again, too.
    expect(await resolve(['-h', 'b'], env)).not.toHaveProperty('password');
  });

  it('stays out of the way of credentials that are given beside the host', async () => {
    expect(await resolve(['-h', 'other', '-u', 'v', '-P', 'q'], env)).toMatchObject({
      endpoint: { host: 'other', port: 1883 },
      username: 'v',
      password: Buffer.from('q'),
    });
  });

  it('is dropped before MQTT_HOST in no case: they are equally strong, and the URL says more', async () => {
    expect(await resolve([], { ...env, MQTT_HOST: 'other', MQTT_PORT: '9' })).toMatchObject({
      endpoint: { host: 'b', port: 1 },
    });
  });
});

describe('of two URLs on the command line', () => {
  it.each([
    [['-L', 'mqtts://u:sentinel@a/t', 'mqtt://b'], { host: 'b', port: 1883 }],
    [['mqtts://u:sentinel@a', '-L', 'mqtt://b/t'], { host: 'b', port: 1883 }],
    [['-L', 'ws://u:sentinel@a/t', '-L', 'mqtt://b/t'], { host: 'b', port: 1883 }],
  ])('the last one is used, and nothing of the other: %j', async (argv, endpoint) => {
    const plan = await resolve(argv);
    expect(plan.endpoint).toEqual(endpoint);
    expect(plan).not.toHaveProperty('username');
    expect(plan).not.toHaveProperty('password');
  });
});

describe('a protocol version', () => {
  it.each<[string[], unknown]>([
    [[], 'auto'],
    [['-V', '5'], 5],
    [['-V', 'mqttv31'], 3],
    [['-x', '0'], 5],
    [['-x', '0', '-V', '5'], 5],
    [['-D', 'connect', 'user-property', 'a', 'b'], 5],
  ])('of %j', async (argv, version) => {
    expect((await resolve(argv)).version).toBe(version);
  });

  it.each([
    [['-x', '1', '-V', '311'], '-x needs MQTT 5, and -V asks for another version'],
    [
      ['--session-expiry-interval=1', '--protocol-version', '31'],
      '--session-expiry-interval needs MQTT 5, and --protocol-version asks for another version',
    ],
    [['-D', 'publish', 'content-type', 'a', '-V', '311'], '-D needs MQTT 5, and -V asks for another version'],
  ])('contradicts %j', async (argv, message) => {
    expect(await fault(...argv)).toBe(message);
  });
});

describe('the Client Identifier', () => {
  it.each<[string[], string]>([
    [['-i', 'x'], 'x'],
    [['-I', 'x'], 'x4711'],
    [['-i', '-1'], '-1'],
    [['-i', 'é'], 'é'],
  ])('of %j', async (argv, clientId) => {
    expect((await resolve(argv)).clientId).toBe(clientId);
  });

  it.each([
    [['-i', 'x', '-I', 'y'], '-i and -I exclude each other'],
    [['-c'], '-c needs a Client Identifier to keep the session under\nAdd -i NAME, the same at every run.'],
    // A prefix and the process id are another identifier at every run.
    [['-c', '-I', 'x'], '-c needs a Client Identifier to keep the session under\nAdd -i NAME, the same at every run.'],
    [['-x', '-1'], '-x needs a Client Identifier to keep the session under\nAdd -i NAME, the same at every run.'],
    [['-i', ''], '-i "": must not be empty'],
    [['-I', ''], '-I "": must not be empty'],
  ])('of %j is refused', async (argv, message) => {
    expect(await fault(...argv)).toBe(message);
  });
});

describe('a session [MQTT5 3.1.2.4] [MQTT5 3.1.2.11.2]', () => {
  it.each<[string[], boolean, number | undefined]>([
    [['-i', 'x'], true, undefined],
    [['-i', 'x', '-c'], false, 4_294_967_295],
    [['-i', 'x', '-c', '-x', '60'], false, 60],
    [['-i', 'x', '-x', '60'], true, 60],
    [['-x', '60'], true, 60],
    [['-i', 'x', '-x', '0', '-c'], false, 0],
    [['-i', 'x', '-x', '-1'], true, 4_294_967_295],
    [['-i', 'x', '-x', '∞'], true, 4_294_967_295],
    [['-i', 'x', '-x', '4294967295'], true, 4_294_967_295],
    [['-i', 'x', '-D', 'connect', 'session-expiry-interval', '7'], true, 7],
  ])('of %j: clean start %s, kept for %s s', async (argv, cleanStart, seconds) => {
    const plan = await resolve(argv);
    expect(plan.cleanStart).toBe(cleanStart);
    expect(plan.sessionExpiryInterval).toBe(seconds);
  });

  it('of a version before 5 is kept without a time', async () => {
    expect(await resolve(['-i', 'x', '-c', '-V', '311'])).toMatchObject({ version: 4, cleanStart: false });
  });

  it.each(['-2', '4294967296', '1.5', ''])('is not kept for "%s" s', async (text) => {
    expect(await fault('-x', text)).toContain('must be a whole number from 0 to 4294967295, in seconds');
  });

  it.each(['4', '0', '65536'])('is not kept alive every %s s', async (text) => {
    expect(await fault('-k', text)).toBe(`-k ${text}: must be a whole number from 5 to 65535, in seconds`);
  });
});

describe('enhanced authentication [MQTT5 4.12]', () => {
  it('has a method, and perhaps data', async () => {
    const method = ['-D', 'connect', 'authentication-method', 'x'];
    expect(await resolve(method)).toMatchObject({
      version: 5,
      version5NeededBy: '-D',
      properties: { authenticationMethod: 'x' },
    });
    const data = ['-D', 'connect', 'authentication-data', 'y', '-D', 'auth', 'authentication-data', 'z'];
    expect(await resolve([...method, ...data])).toMatchObject({
      properties: { authenticationMethod: 'x', authenticationData: Buffer.from('y') },
      authProperties: { authenticationData: Buffer.from('z') },
    });
    expect(await fault('-D', 'connect', 'authentication-data', 'y')).toBe(
      '-D connect authentication-data needs -D connect authentication-method',
    );
  });
});

describe('a Will Message [MQTT5 3.1.2.5]', () => {
  it('is made of its options', async () => {
    const argv = ['--will-topic', 'a', '--will-payload', '\u0000é', '--will-qos', '2', '--will-retain'];
    const will = { topic: 'a', payload: Buffer.from('\u0000é'), qos: 2, retain: true };
    expect((await resolve(argv)).will).toEqual(will);
  });

  it('is empty, QoS 0 and not retained if nothing is said', async () => {
    const will = { topic: 'a', payload: Buffer.alloc(0), qos: 0, retain: false };
    expect((await resolve(['--will-topic', 'a'])).will).toEqual(will);
    expect(await resolve([])).not.toHaveProperty('will');
  });

  it.each([
    [['--will-payload', 'x'], '--will-payload needs --will-topic'],
    [['--will-qos', '1'], '--will-qos needs --will-topic'],
    [['--will-retain'], '--will-retain needs --will-topic'],
    [['-D', 'will', 'will-delay-interval', '1'], '-D will needs --will-topic'],
    [['--will-topic', 'a', '--will-qos', '3'], '--will-qos 3: must be 0, 1 or 2'],
    [['--will-topic', ''], '--will-topic "": must not be empty'],
  ])('of %j is refused', async (argv, message) => {
    expect(await fault(...argv)).toBe(message);
  });

  it('is not published to a wildcard [MQTT-3.3.2-2]', async () => {
    expect(await fault('--will-topic', 'a/#')).toContain('--will-topic a/#: must not hold the wildcards');
  });
});

describe('what CONNECT cannot carry is refused [MQTT5 1.5.4] [MQTT5 1.5.6]', () => {
  const long = 'é'.repeat(32_768);

  it.each([
    [['-u', long], '-u'],
    [['-i', long], '-i'],
    [['-I', long], '-I'],
    [['-u', 'x', '-P', long], '-P'],
    [['--will-topic', 'a', '--will-payload', long], '--will-payload'],
  ])('65,536 bytes', async (argv, option) => {
    const message = await fault(...argv);
    expect(message).toMatch(new RegExp(`^${option}[: ]`));
    expect(message).toContain('must be at most 65535 bytes long');
    expect(message.length).toBeLessThan(250);
  });

  it('65,535 bytes are not too many', async () => {
    const text = 'x'.repeat(65_535);
    const argv = ['-u', text, '-i', text, '-P', text, '--will-topic', 'a', '--will-payload', text];
    expect(await resolve(argv)).toMatchObject({ username: text, clientId: text, password: Buffer.from(text) });
  });

  it.each(['-u', '-i', '-I'])('U+0000 and half characters in %s [MQTT-1.5.4-1] [MQTT-1.5.4-2]', async (option) => {
    for (const text of ['a\u0000', '\ud800', 'x\udc00']) {
      expect(await fault(option, text)).toContain('must be valid UTF-8 without U+0000');
    }
    expect(await faultOfAsync(resolve(['mqtt://a%00b@h']))).toContain('must be valid UTF-8 without U+0000');
  });
});
