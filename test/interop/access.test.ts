/** What Debian's mosquitto refuses: logins, subscriptions, messages. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findDynamicSecurity, type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { VERSIONS } from '../support/mosquitto-clients.ts';
import { describeWith } from '../support/needs.ts';
import { type CliResult, runCli, type World } from '../support/run-cli.ts';

describeWith(['mosquitto', 'mosquitto_passwd'], 'Refused by mosquitto', () => {
  let broker: Mosquitto;
  let at: string[];
  const ann = ['-u', 'ann', '-P', 'secret'];

  beforeAll(async () => {
    broker = await startMosquitto({ users: { ann: 'secret' }, acl: ['user ann', 'topic readwrite open/#'] });
    at = ['-h', '127.0.0.1', '-p', String(broker.port)];
  });
  afterAll(() => broker?.remove());

  function publish(words: string[], world: World = {}): Promise<CliResult> {
    return runCli('mqtt-pub', [...at, ...words], { real: true, ...world });
  }

  it('not the right password', async () => {
    expect(await publish(['-t', 'open/a', '-m', 'x', '-q', '1', ...ann])).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it.each([
    ['auto', 'Not authorized (0x87)'],
    ['5', 'Not authorized (0x87)'],
    ['311', 'Not authorized (0x05)'],
    ['31', 'Not authorized (0x05)'],
  ])('a wrong password, -V %s', async (version, reason) => {
    const { exitCode, stderr } = await publish(['-t', 'a', '-m', 'x', '-u', 'ann', '-P', 'wrong', '-V', version]);
    expect(stderr).toBe(
      `mqtt-pub: the broker refused the login: ${reason}\n` +
        '  User ann was sent, with a password of 5 characters from -P.\n',
    );
    expect(exitCode).toBe(5);
  });

  it('a wrong password says where it came from', async () => {
    const message = ['-t', 'a', '-m', 'x'];
    const hint = async (words: string[], env = {}): Promise<string | undefined> => {
      const { exitCode, stderr } = await runCli('mqtt-pub', [...words, ...message], { real: true, env });
      expect(exitCode).toBe(5);
      return stderr.split('\n')[1];
    };
    const url = (user: string): string => `mqtt://${user}127.0.0.1:${broker.port}`;
    expect(await hint([url('ann:falsch@')])).toBe('  User ann was sent, with a password of 6 characters from the URL.');
    expect(await hint(at, { MQTT_USERNAME: 'ann', MQTT_PASSWORD: 'wröng' })).toBe(
      '  User ann was sent, with a password of 5 characters from MQTT_PASSWORD.',
    );
    expect(await hint([url('ann@')])).toBe('  User ann was sent, without a password.');
    expect(await hint([url('')])).toBe('  No user name was sent: give -u and a password.');
  });

  it('mqtt-sub with a wrong password', async () => {
    expect(await runCli('mqtt-sub', [...at, '-t', 'a', '-u', 'ann', '-P', 'wrong'], { real: true })).toEqual({
      exitCode: 5,
      stdout: Buffer.alloc(0),
      stderr:
        'mqtt-sub: the broker refused the login: Not authorized (0x87)\n' +
        '  User ann was sent, with a password of 5 characters from -P.\n',
    });
  });

  it.each(['1', '2'])('a message that the access control file excludes, MQTT 5, QoS %s', async (qos) => {
    expect(await publish(['-t', 'closed/a', '-m', 'x', '-q', qos, '-V', '5', ...ann])).toEqual({
      exitCode: 9,
      stdout: Buffer.alloc(0),
      stderr: 'mqtt-pub: the broker refused the message: closed/a: Not authorized (0x87)\n',
    });
  });

  it('many messages that the access control file excludes', async () => {
    const lines = await publish(['-t', 'closed/a', '-l', '-q', '1', ...ann], { stdin: 'a\nb\nc\n' });
    expect(lines).toMatchObject({
      exitCode: 9,
      stderr: 'mqtt-pub: the broker refused 3 of 3 messages: closed/a: Not authorized (0x87)\n',
    });
  });

  it('a refused message before MQTT 5 looks like an accepted one: the protocol has no word for it', async () => {
    expect(await publish(['-t', 'closed/a', '-m', 'x', '-q', '1', '-V', '311', ...ann])).toMatchObject({ exitCode: 0 });
  });
});

describe.runIf(findDynamicSecurity())('Denied by mosquitto with its dynamic-security plug-in', () => {
  let broker: Mosquitto;
  let at: string[];

  beforeAll(async () => {
    const allow = (acltype: string) => ({ acltype, topic: 'open/#', allow: true, priority: 0 });
    broker = await startMosquitto({
      dynamicSecurity: {
        defaultACLAccess: {
          publishClientSend: false,
          publishClientReceive: true,
          subscribe: false,
          unsubscribe: true,
        },
        clients: [],
        groups: [{ groupname: 'everyone', roles: [{ rolename: 'open' }] }],
        anonymousGroup: 'everyone',
        roles: [{ rolename: 'open', acls: [allow('subscribePattern'), allow('publishClientSend')] }],
      },
    });
    at = ['-h', '127.0.0.1', '-p', String(broker.port)];
  });
  afterAll(() => broker?.remove());

  // Before MQTT 5 a SUBACK says no more than no.
  const reasonOf = (version: string): string =>
    version === '5' ? 'Not authorized (0x87)' : 'Unspecified error (0x80)';

  it.each(VERSIONS.filter((version) => version !== '31'))('the only subscription, -V %s', async (version) => {
    expect(await runCli('mqtt-sub', [...at, '-t', 'closed/#', '-V', version], { real: true })).toEqual({
      exitCode: 8,
      stdout: Buffer.alloc(0),
      stderr: `mqtt-sub: subscription not allowed: closed/#: ${reasonOf(version)}\n`,
    });
  });

  it('one of two subscriptions: said at once, and the other goes on', async () => {
    const words = [...at, '-t', 'closed/#', '-t', 'open/#', '-C', '1'];
    await runCli('mqtt-pub', [...at, '-t', 'open/a', '-m', 'x', '-r'], { real: true });
    expect(await runCli('mqtt-sub', words, { real: true })).toEqual({
      exitCode: 0,
      stdout: Buffer.from('x\n'),
      stderr: 'mqtt-sub: subscription not allowed: closed/#: Not authorized (0x87)\n',
    });
  });
});
