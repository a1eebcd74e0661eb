import { writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import type { Context } from '../../src/cli/context.ts';
import { makeTempFolder } from '../support/temp-folder.ts';
import { faultOfAsync } from './parsing.ts';
import { resolve } from './resolving.ts';

const folder = makeTempFolder();
afterAll(() => folder.remove());

function fileWith(content: string | Uint8Array): string {
  const path = folder.file(`password-${Math.random().toString(36).slice(2)}`);
  writeFileSync(path, content);
  return path;
}

/** User name, password and its source, as far as there are any. */
async function credentials(argv: readonly string[], env: Record<string, string> = {}, world: Partial<Context> = {}) {
  const { username, password, passwordSource } = await resolve(['-h', 'h', ...argv], env, world);
  return [username, password?.toString(), passwordSource];
}

describe('a password', () => {
  it.each<[string[], Record<string, string>, (string | undefined)[]]>([
    [[], {}, [undefined, undefined, undefined]],
    [['-u', 'u'], {}, ['u', undefined, undefined]],
    [['-u', 'u', '-P', 'p'], {}, ['u', 'p', '-P']],
    [['-u', 'u', '-P', ''], {}, ['u', '', '-P']],
    [['-u', '', '-P', 'p'], {}, ['', 'p', '-P']],
    [['-u', 'u', '--pw=p'], {}, ['u', 'p', '--pw']],
    [['-u', 'u', '-P', 'p', '-P', 'q'], {}, ['u', 'q', '-P']],
    [['-u', 'u'], { MQTT_PASSWORD: 'p' }, ['u', 'p', 'MQTT_PASSWORD']],
    [['-u', 'u', '-P', 'q'], { MQTT_PASSWORD: 'p' }, ['u', 'q', '-P']],
    [[], { MQTT_USERNAME: 'u', MQTT_PASSWORD: 'p' }, ['u', 'p', 'MQTT_PASSWORD']],
    [['mqtt://u:p@h'], {}, ['u', 'p', 'the URL']],
    [['mqtt://u:p@h', '-P', 'q'], {}, ['u', 'q', '-P']],
    [['-L', 'mqtt://u:p@h/t'], {}, ['u', 'p', '-L']],
    [['mqtt://u@h'], { MQTT_PASSWORD: 'p' }, ['u', 'p', 'MQTT_PASSWORD']],
    [['mqtt://:p@h', '-u', 'u'], {}, ['u', 'p', 'the URL']],
  ])('of %j and %j', async (argv, env, found) => {
    expect(await credentials(argv, env)).toEqual(found);
  });

  it('of a URL is not sent for another user', async () => {
    expect(await credentials(['mqtt://u:p@h', '-u', 'v'])).toEqual(['v', undefined, undefined]);
    const env = { MQTT_URL: 'mqtt://u:p@h', MQTT_USERNAME: 'v' };
    expect((await resolve([], env)).username).toBe('v');
    expect(await resolve([], env)).not.toHaveProperty('password');
    expect(await resolve(['-u', 'v'], { MQTT_URL: 'mqtt://u:p@h' })).not.toHaveProperty('password');
  });

  it('needs a user name', async () => {
    for (const version of ['5', '311', '31', 'auto']) {
      expect(await faultOfAsync(resolve(['-P', 'sentinel', '-V', version]))).toBe(
        '-P: a password needs a user name\nAdd -u NAME.',
      );
    }
    expect(await faultOfAsync(resolve([], { MQTT_PASSWORD: 'sentinel' }))).toContain('MQTT_PASSWORD: a password');
    expect(await faultOfAsync(resolve(['mqtt://:sentinel@h']))).toContain('the URL: a password needs');
  });
});

describe('a password file', () => {
  it.each<[string | Uint8Array, string]>([
    ['secret\n', 'secret'],
    ['secret', 'secret'],
    ['secret\r\n', 'secret'],
    ['secret\nmore\n', 'secret'],
    [' two words \n', ' two words '],
    ['a\rb\n', 'a\rb'],
  ])('holding %j', async (content, password) => {
    const path = fileWith(content);
    const found = await credentials(['-u', 'u', '--password-file', path]);
    expect(found.slice(0, 2)).toEqual(['u', password]);
    expect(found[2]).toBe('--password-file');
  });

  it('may hold bytes that are no UTF-8', async () => {
    const path = fileWith(Buffer.from([0xff, 0x00, 0xfe, 0x0a]));
    expect((await resolve(['-u', 'u', '--password-file', path])).password).toEqual(Buffer.from([0xff, 0x00, 0xfe]));
  });

  it.each(['', '\n', '\r\n', '\nsecret\n'])('holding %j in its first line is refused', async (content) => {
    const path = fileWith(content);
    expect(await faultOfAsync(resolve(['-u', 'u', '--password-file', path]))).toBe(
      `--password-file ${path}: its first line is empty`,
    );
  });

  it('must be readable', async () => {
    const none = folder.file('none');
    expect(await faultOfAsync(resolve(['-u', 'u', '--password-file', none]))).toBe(
      `--password-file ${none}: no such file`,
    );
    expect(await faultOfAsync(resolve(['-u', 'u', '--password-file', folder.path]))).toBe(
      `--password-file ${folder.path}: is a folder`,
    );
  });

  it('overrules a weaker password, and contradicts one on the command line', async () => {
    const path = fileWith('secret\n');
    expect((await credentials(['-u', 'u', '--password-file', path], { MQTT_PASSWORD: 'p' }))[1]).toBe('secret');
    expect(await faultOfAsync(resolve(['-u', 'u', '-P', 'p', '--password-file', path]))).toBe(
      '-P and --password-file both give the password\nGive one of them.',
    );
    expect(await faultOfAsync(resolve(['mqtt://u:p@h', '--password-file', path]))).toContain(
      'the URL and --password-file both give the password',
    );
  });
});

describe('a password command', () => {
  const shell = (exitCode: number, stdout: string): Partial<Context> => ({
    runShell: async () => ({ exitCode, stdout: Buffer.from(stdout) }),
  });

  it('gives the first line that it prints', async () => {
    const found = await credentials(['-u', 'u', '--password-command', 'x'], {}, shell(0, 'secret\nmore'));
    expect(found).toEqual(['u', 'secret', '--password-command']);
  });

  it('is not shown when it fails, for it may hold a secret', async () => {
    const run = (world: Partial<Context>) =>
      faultOfAsync(resolve(['-u', 'u', '--password-command', 'echo sentinel'], {}, world));
    expect(await run(shell(1, 'sentinel'))).toBe('--password-command: the command ended with exit code 1');
    expect(await run(shell(0, '\n'))).toBe('--password-command: the command printed nothing');
  });
});

describe('a password that is asked for', () => {
  it('is what was typed, after a prompt that names the user', async () => {
    const prompts: string[] = [];
    const askSecret = async (prompt: string): Promise<string> => {
      prompts.push(prompt);
      return 'secret';
    };
    expect((await credentials(['-u', 'u', '--ask-password'], {}, { askSecret }))[1]).toBe('secret');
    expect(prompts).toEqual(['Password of u: ']);
  });
});
