/** No password in any error, trace, help or listing, whatever else is wrong. */
import { describe, expect, it } from 'vitest';
import { CliError, ConnectionLostError, UnauthorizedError } from '../../src/errors.ts';
import { describeDialFailure } from '../../src/mqtt/connect-error.ts';
import type { ConnectionPlan } from '../../src/mqtt/connection-plan.ts';
import { FakeBroker } from '../support/fake-session.ts';
import { runCli, type World } from '../support/run-cli.ts';

const SECRET = 'sentinel';

/** Ways to give a secret. */
const GIVEN: readonly (readonly [argv: string[], env: Record<string, string>])[] = [
  [['-u', 'u', '-P', SECRET], {}],
  [['-u', 'u', `-P${SECRET}`], {}],
  [['-u', 'u', `--pw=${SECRET}`], {}],
  [['-u', 'u'], { MQTT_PASSWORD: SECRET }],
  [[`mqtt://u:${SECRET}@h`], {}],
  [[`mqtts://u:${SECRET}@h:1`], {}],
  [[`wss://u:x%2F${SECRET}@h/path`], {}],
  [['-L', `mqtt://u:${SECRET}@h/a`], {}],
  [[], { MQTT_URL: `mqtt://u:a@${SECRET}@h` }],
  [['--proxy', `socks5h://u:${SECRET}@p`], {}],
  [['--http-proxy', `http://u:${SECRET}@p`], {}],
  [['--ws-header', `Authorization: Bearer ${SECRET}`], {}],
  [['-D', 'connect', 'authentication-method', 'x', '-D', 'connect', 'authentication-data', SECRET], {}],
  [['--psk', Buffer.from(SECRET).toString('hex'), '--psk-identity', 'x'], {}],
];

/** Things that go wrong beside it. */
const WRONG: readonly string[][] = [
  [],
  ['--quiet'],
  ['-d'],
  ['-dd'],
  ['-q', '3'],
  ['-p', 'x'],
  ['--frobnicate'],
  ['-z'],
  ['stray'],
  ['-m', 'again'],
  ['-c'],
  ['--will-qos', '1'],
  ['--cafile', '/nonexistent/ca'],
  ['--password-file', '/nonexistent/password'],
  ['-V', '31'],
  ['-t', 'a/#'],
  ['--broker', 'embedded'],
  ['--broker', 'other'],
  ['--show-config'],
  ['--help'],
];

/** What became of connecting. */
const OUTCOMES: readonly ((plan: ConnectionPlan) => Promise<never>)[] = [
  async (plan) => {
    throw describeDialFailure({ kind: 'refused', refusal: { code: 0x87 } }, plan, 5);
  },
  async (plan) => {
    throw describeDialFailure({ kind: 'closed', failure: undefined }, plan, 5);
  },
  async () => {
    throw new ConnectionLostError('gone');
  },
];

describe('a secret', () => {
  it.each(GIVEN)('given by %j and %j is told by nothing that goes wrong', async (argv, env) => {
    for (const wrong of WRONG) {
      for (const openSession of OUTCOMES) {
        const world: World = { env, context: { openSession } };
        const { stdout, stderr } = await runCli('mqtt-pub', ['-t', 'a', '-m', 'x', ...argv, ...wrong], world);
        for (const text of [stdout.toString(), stderr]) {
          expect(text, wrong.join(' ')).not.toContain(SECRET);
          expect(text).not.toContain(Buffer.from(SECRET).toString('hex'));
        }
      }
    }
  });

  it.each([
    [[`mqtt://u:${SECRET}@`]],
    [[`mqtt://u:${SECRET}%@h`]],
    [[`mqtt://u:${SECRET}@h:99999`]],
    [[`mqtt://u:${SECRET}@h/topic`]],
    [[`mqtt://u:12/${SECRET}@h`]],
    [[`http://u:${SECRET}@h`]],
    [[`u:${SECRET}@h`]],
    [['mqtt://a', `mqtt://u:${SECRET}@b`]],
    [['-h', `mqtt://u:${SECRET}@h`]],
    [['-L', `mqtt://u:${SECRET}@h`]],
    [['-L', `u:${SECRET}@h/a`]],
    [[`-zP${SECRET}`]],
    [['--password', SECRET]],
    [[`--password=${SECRET}`]],
    [[`--passwd=${SECRET}`]],
    [['--psk', `0x${SECRET}`]],
    [['-D', 'connect', 'authentication-data', SECRET]],
    [['-D', 'connect', 'authentication-data', SECRET.repeat(10_000)]],
    [['-D', 'publish', 'authentication-data', SECRET]],
    [['--ws-header', `Authorization Bearer ${SECRET}`]],
    [['--ws-header', `Authorization: Bearer ${SECRET}\nX: y`]],
    [['--http-proxy', `https://u:${SECRET}@p`]],
    [['--proxy', `http://u:${SECRET}@p`]],
    [['-P', SECRET]],
    [['-P', SECRET.repeat(10_000), '-u', 'u']],
  ])('that is given wrongly, as %j, is not told either', async (argv) => {
    const { exitCode, stderr, stdout } = await runCli('mqtt-pub', ['-t', 'a', '-m', 'x', ...argv]);
    expect(exitCode).toBe(2);
    expect(stderr + stdout.toString()).not.toContain(SECRET);
  });

  it('is told by its length and its source where the login is refused', async () => {
    const openSession = async (plan: ConnectionPlan): Promise<never> => {
      throw describeDialFailure({ kind: 'refused', refusal: { code: 5 } }, plan, 4);
    };
    const { stderr } = await runCli('mqtt-pub', ['-t', 'a', '-m', 'x', `mqtt://u:${SECRET}@h`], {
      context: { openSession },
    });
    expect(stderr).toContain('User u was sent, with a password of 8 characters from the URL.');
  });

  it('would be seen: the test can fail', async () => {
    const broker = new FakeBroker(new UnauthorizedError(`leaked ${SECRET}`));
    const { stderr } = await runCli('mqtt-pub', ['-t', 'a', '-m', 'x'], { broker });
    expect(stderr).toContain(SECRET);
    expect(new CliError('x')).toBeInstanceOf(Error);
  });
});
