/** Which options files a command reads, what they are worth, and what is said of a bad one. */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { COMMANDS } from '../../src/cli/command-table.ts';
import { everyOption } from '../../src/options/every-option.ts';
import { runCli } from '../support/run-cli.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

/** A home folder with these files in it, by their paths below it. */
function makeHome(files: Readonly<Record<string, string>>): { readonly path: string; file(name: string): string } {
  const folder = makeTempFolder();
  onTestFinished(() => folder.remove());
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(folder.file(name)), { recursive: true });
    writeFileSync(folder.file(name), content);
  }
  return folder;
}

/** The values that `--show-config` prints, by option: the last one where there are several. */
async function configOf(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  command = 'mqtt-pub',
): Promise<Record<string, string>> {
  const { exitCode, stdout, stderr } = await runCli(command, [...argv, '--show-config'], { env });
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
  const rows = stdout
    .toString()
    .split('\n')
    .map((line) => line.split(/ {2,}/));
  return Object.fromEntries(rows.map(([name = '', value = '', source = '']) => [name, `${value} from ${source}`]));
}

async function failure(argv: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const { exitCode, stdout, stderr } = await runCli('mqtt-pub', [...argv, '-t', 'a', '-m', 'x'], { env });
  expect(exitCode).toBe(2);
  expect(stdout.length).toBe(0);
  return stderr;
}

const DEFAULT = '.config/mqtt-toolkit/mqtt-pub';

describe('the default options file', () => {
  it('is in the configuration folder below HOME', async () => {
    const home = makeHome({ [DEFAULT]: '-h from-home\n' });
    expect((await configOf([], { HOME: home.path }))['--host']).toBe(`from-home from ${home.file(DEFAULT)}:1`);
  });

  it('is in XDG_CONFIG_HOME where that is set, and then nowhere else', async () => {
    const home = makeHome({ [DEFAULT]: '-h from-home\n', 'xdg/mqtt-toolkit/mqtt-pub': '-h from-xdg\n' });
    const env = { HOME: home.path, XDG_CONFIG_HOME: home.file('xdg') };
    expect((await configOf([], env))['--host']).toBe(`from-xdg from ${home.file('xdg/mqtt-toolkit/mqtt-pub')}:1`);
    expect((await configOf([], { ...env, XDG_CONFIG_HOME: home.file('none') }))['--host']).toBe(
      'localhost from default',
    );
    expect((await configOf([], { ...env, XDG_CONFIG_HOME: '' }))['--host']).toContain('from-home');
  });

  it('belongs to one command', async () => {
    const home = makeHome({
      [DEFAULT]: '-h pub\n',
      '.config/mqtt-toolkit/mqtt-sub': '-h sub\n',
      '.config/mqtt-toolkit/mqtt-bench': '-h bench\n',
    });
    for (const name of ['pub', 'sub', 'bench']) {
      expect((await configOf([], { HOME: home.path }, `mqtt-${name}`))['--host']).toContain(`${name} from `);
    }
    expect((await configOf([], { HOME: home.path }, 'mqtt-rr'))['--host']).toBe('localhost from default');
  });

  it('need not be there, and HOME need not be set', async () => {
    for (const env of [{ HOME: makeHome({}).path }, { HOME: '/nonexistent' }, { HOME: '' }, {}]) {
      expect((await configOf([], env as Record<string, string>))['--host']).toBe('localhost from default');
    }
  });

  it('must be readable where it is there: without it a command might connect without TLS', async () => {
    const home = makeHome({ '.config/mqtt-toolkit/mqtt-pub/x': '' });
    expect(await failure([], { HOME: home.path })).toBe(`mqtt-pub: ${home.file(DEFAULT)}: is a folder\n`);
  });

  it.skipIf(process.getuid?.() === 0)('must be readable for the user', async () => {
    const home = makeHome({ [DEFAULT]: '-h x\n' });
    chmodSync(home.file(DEFAULT), 0);
    expect(await failure([], { HOME: home.path })).toBe(`mqtt-pub: ${home.file(DEFAULT)}: permission denied\n`);
  });

  it('is refused by file and line', async () => {
    const home = makeHome({ [DEFAULT]: '# mine\n-q 7\n' });
    expect(await failure([], { HOME: home.path })).toBe(`mqtt-pub: ${home.file(DEFAULT)}:2 7: must be 0, 1 or 2\n`);
  });

  it('does not keep --help and --version from answering', async () => {
    const home = makeHome({ [DEFAULT]: 'broken\n' });
    for (const flag of ['--help', '--version']) {
      expect(await runCli('mqtt-pub', [flag], { env: { HOME: home.path } })).toMatchObject({ exitCode: 0, stderr: '' });
    }
  });
});

describe('-o', () => {
  it.each([['-o'], ['--options-file']])('%s names a file that is read instead of the default one', async (option) => {
    const home = makeHome({ [DEFAULT]: '-h default\n-p 1\n', mine: '-h mine\n' });
    const config = await configOf([option, home.file('mine')], { HOME: home.path });
    expect(config['--host']).toBe(`mine from ${home.file('mine')}:1`);
    expect(config['--port']).toBe('1883, with TLS 8883 from default');
    expect(config['--options-file']).toBe(`${home.file('mine')} from ${option}`);
  });

  it('may stand anywhere and in any form', async () => {
    const { path, file } = makeHome({ mine: '-h mine\n' });
    for (const argv of [
      [`-o${file('mine')}`, '-q', '1'],
      ['-q', '1', `--options-file=${file('mine')}`],
      ['-ro', file('mine')],
    ]) {
      expect((await configOf(argv, { HOME: path }))['--host']).toContain('mine from ');
    }
    // The value of another option is no option.
    expect((await configOf(['-t', '-o', '-m', file('mine')], { HOME: path }))['--host']).toBe('localhost from default');
  });

  it('must be there, be readable, and be given once', async () => {
    const home = makeHome({ mine: '-h mine\n' });
    const none = home.file('none');
    expect(await failure(['-o', none], {})).toBe(`mqtt-pub: -o ${none}: no such file\n`);
    expect(await failure(['-o', home.path], {})).toBe(`mqtt-pub: -o ${home.path}: is a folder\n`);
    expect(await failure(['-o', ''], {})).toBe('mqtt-pub: -o "": no such file\n');
    expect(await failure(['-o', home.file('mine'), '-o', home.file('mine')], {})).toBe(
      'mqtt-pub: -o was given twice\n',
    );
  });

  it('in a file is passed over', async () => {
    const home = makeHome({ mine: '-o none\n-h mine\n' });
    expect((await configOf(['-o', home.file('mine')], {}))['--host']).toContain('mine from ');
  });
});

describe('--profile', () => {
  const PROFILES = '.config/mqtt-toolkit/profiles';

  it('names a file in the folder of profiles, for every command', async () => {
    const shared = '-h lab\n-u ann\n--retry 3\n-v\n-C 5\n-r\n--messages 10\n-e reply\n-W 5\n';
    const home = makeHome({ [`${PROFILES}/lab`]: shared, [`${PROFILES}/lab-2.old`]: '-h lab2\n' });
    for (const command of Object.keys(COMMANDS)) {
      const config = await configOf(['--profile', 'lab'], { HOME: home.path }, command);
      expect(config['--host']).toBe(`lab from ${home.file(`${PROFILES}/lab`)}:1`);
      expect(config['--username']).toContain('ann from ');
      expect(config['--retain']?.startsWith('on from')).toBe(/pub|bench/.test(command) ? true : undefined);
      expect(config['--verbose']?.startsWith('on from')).toBe(/sub|rr/.test(command) ? true : undefined);
    }
    expect((await configOf(['--profile', 'lab-2.old'], { HOME: home.path }))['--host']).toContain('lab2 from ');
    const xdg = { XDG_CONFIG_HOME: join(home.path, '.config') };
    expect((await configOf(['--profile=lab'], xdg))['--host']).toContain('lab from ');
  });

  it('stands beside the default file or that of -o, and is stronger', async () => {
    const home = makeHome({
      [DEFAULT]: '-h default\n-p 1\n',
      mine: '-h mine\n-k 7\n',
      [`${PROFILES}/lab`]: '-h lab\n',
    });
    const env = { HOME: home.path };
    expect(await configOf(['--profile', 'lab'], env)).toMatchObject({
      '--host': `lab from ${home.file(`${PROFILES}/lab`)}:1`,
      '--port': `1 from ${home.file(DEFAULT)}:2`,
      '--profile': 'lab from --profile',
    });
    expect(await configOf(['--profile', 'lab', '-o', home.file('mine')], env)).toMatchObject({
      '--host': `lab from ${home.file(`${PROFILES}/lab`)}:1`,
      '--keepalive': `7 from ${home.file('mine')}:2`,
      '--port': '1883, with TLS 8883 from default',
    });
  });

  it('given twice is the last one', async () => {
    const home = makeHome({ [`${PROFILES}/a`]: '-h a\n-p 1\n', [`${PROFILES}/b`]: '-h b\n' });
    const config = await configOf(['--profile', 'a', '--profile', 'b'], { HOME: home.path });
    expect(config['--host']).toContain('b from ');
    expect(config['--port']).toContain('from default');
  });

  it.each(['../x', '..', '.', '', '/etc/passwd', 'a/b', 'a\\b', '.hidden', '-x', 'a b', 'a\nb', 'ä', '\0'])(
    'of the name %j is refused before a file is looked for',
    async (name) => {
      const home = makeHome({ '.config/mqtt-toolkit/x': '-h x\n' });
      mkdirSync(home.file(PROFILES));
      const said = await failure(['--profile', name], { HOME: home.path });
      expect(said).toMatch(/^mqtt-pub: --profile .*: must be letters, digits, "\.", "-" and "_"\n$/);
    },
  );

  it('that is not there', async () => {
    const home = makeHome({ [`${PROFILES}/lab`]: '', [`${PROFILES}/labs`]: '' });
    expect(await failure(['--profile', 'none'], { HOME: home.path })).toBe(
      `mqtt-pub: --profile none (${home.file(`${PROFILES}/none`)}): no such file\n  There are lab, labs.\n`,
    );
    expect(await failure(['--profile', 'none'], { HOME: '/nonexistent' })).toBe(
      'mqtt-pub: --profile none (/nonexistent/.config/mqtt-toolkit/profiles/none): no such file\n',
    );
    expect(await failure(['--profile', 'none'], {})).toBe(
      'mqtt-pub: --profile: neither XDG_CONFIG_HOME nor HOME is set\n',
    );
  });

  it('may be a link to another file', async () => {
    const home = makeHome({ elsewhere: '-h elsewhere\n', [`${PROFILES}/x`]: '' });
    symlinkSync(home.file('elsewhere'), home.file(`${PROFILES}/lab`));
    expect((await configOf(['--profile', 'lab'], { HOME: home.path }))['--host']).toContain('elsewhere from ');
  });
});

describe('precedence', () => {
  it('is flag > environment > profile > options file > default', async () => {
    const home = makeHome({
      [DEFAULT]: '-h file\n-p 1\n-u file\n-k 5\n',
      '.config/mqtt-toolkit/profiles/lab': '-h lab\n-p 2\n-u lab\n',
    });
    const env = { HOME: home.path, MQTT_HOST: 'env', MQTT_PORT: '3' };
    const config = await configOf(['--profile', 'lab', '-h', 'flag'], env);
    expect(config).toMatchObject({
      '--host': 'flag from -h',
      '--port': '3 from MQTT_PORT',
      '--keepalive': `5 from ${home.file(DEFAULT)}:4`,
      '--protocol-version': 'auto from default',
    });
  });

  it('lets topics accumulate from the weakest source to the strongest', async () => {
    const home = makeHome({ mine: '-t a\n-t b/#\n', '.config/mqtt-toolkit/profiles/lab': '-t c\n' });
    const argv = ['-o', home.file('mine'), '--profile', 'lab', '-t', 'd', '--show-config'];
    const { stdout } = await runCli('mqtt-sub', argv, { env: { HOME: home.path } });
    const rows = stdout
      .toString()
      .split('\n')
      .filter((line) => line.startsWith('--topic'));
    expect(rows.map((row) => row.split(/ {2,}/)[1])).toEqual(['a', 'b/#', 'c', 'd']);
  });
});

it('the options of all commands are those that a shared file may hold', async () => {
  const names = new Set(everyOption.map(({ long, short }) => `${long} ${short}`));
  for (const load of Object.values(COMMANDS)) {
    const { options } = await load();
    expect(options.map(({ long, short }) => `${long} ${short}`).filter((name) => !names.has(name))).toEqual([]);
  }
});
