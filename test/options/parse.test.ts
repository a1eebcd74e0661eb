import { describe, expect, it } from 'vitest';
import {
  clientIdOption,
  debugOption,
  hostOption,
  keepAliveOption,
  mosquittoUrlOption,
  passwordOption,
  portOption,
  urlArgument,
  usernameOption,
  versionOption,
} from '../../src/options/connection.ts';
import { messageOption, qosOption, retainOption, topicOption } from '../../src/options/message.ts';
import { parseOptions } from '../../src/options/parse.ts';
import { countOption, filterOption } from '../../src/options/subscription.ts';
import { COMMANDS, faultOf, parsePub, parseSub } from './parsing.ts';

describe('options on the command line', () => {
  it('have their defaults when they are not given', () => {
    const values = parsePub([]);
    expect(values.get(hostOption)).toBe('localhost');
    expect(values.get(portOption)).toBe(undefined);
    expect(values.get(qosOption)).toBe(0);
    expect(values.get(keepAliveOption)).toBe(60);
    expect(values.get(versionOption)).toBe('auto');
    expect(values.get(retainOption)).toBe(false);
    expect(values.get(debugOption)).toBe(0);
    expect(values.has(hostOption)).toBe(false);
    expect(values.source(hostOption)).toEqual({ kind: 'default' });
  });

  it('are counted where that is meant', () => {
    expect(parsePub(['-d']).get(debugOption)).toBe(1);
    expect(parsePub(['-dd']).get(debugOption)).toBe(2);
    expect(parsePub(['-d', '--debug', '-rd']).get(debugOption)).toBe(3);
  });

  it('are known by the spelling that was typed', () => {
    const values = parsePub(['--qos', '1', '-t', 'a', '-q2', '--host=x'], { MQTT_PORT: '1' });
    expect(values.spelled(qosOption)).toBe('-q');
    expect(values.spelled(hostOption)).toBe('--host');
    expect(values.spelled(portOption)).toBe('MQTT_PORT');
    expect(values.spelled(messageOption)).toBe('-m');
    expect(values.spelled(urlArgument)).toBe('--broker-url');
  });

  it('name option and value when the value is wrong', () => {
    expect(faultOf(() => parsePub(['-p', 'abc']))).toBe('-p abc: must be a whole number from 0 to 65535');
    expect(faultOf(() => parsePub(['--port=70000']))).toBe('--port 70000: must be a whole number from 0 to 65535');
    expect(faultOf(() => parsePub(['-p', '']))).toBe('-p "": must be a whole number from 0 to 65535');
    expect(faultOf(() => parsePub(['-V', '3.1.1']))).toBe('-V 3.1.1: must be auto, 5, 311 or 31');
    expect(faultOf(() => parsePub(['-t', 'a\u001b[2J']))).toBe(
      '-t "a\\e[2J": must not hold the control character U+001B',
    );
    expect(faultOf(() => parsePub(['-t', 'a/#']))).toBe(
      '-t a/#: must not hold the wildcards + and #\nMessages are published to one topic; wildcards are for mqtt-sub.',
    );
    expect(faultOf(() => parseSub(['-C', '0']))).toBe('-C 0: must be a whole number from 1 up');
    expect(faultOf(() => parsePub([], { MQTT_PORT: 'x y' }))).toBe(
      'MQTT_PORT "x y": must be a whole number from 0 to 65535',
    );
  });

  it('say the first thing that is wrong', () => {
    expect(faultOf(() => parsePub(['-q', '3', '-p', 'x']))).toContain('-q 3');
    expect(faultOf(() => parsePub(['-p', 'x', '-q', '3']))).toContain('-p x');
  });

  it('take a URL for the host of -h as a mistake, and do not tell its password', () => {
    expect(faultOf(() => parsePub(['-h', 'mqtt://u:sentinel@h']))).toBe(
      '-h "mqtt://***@h": must be a host name or address\nA URL is given without -h.',
    );
  });

  it('cut a long value in the message', () => {
    const fault = faultOf(() => parsePub(['-p', 'x'.repeat(100_000)]));
    expect(fault.length).toBeLessThan(250);
    expect(fault).toContain('xxx...');
  });
});

describe('unknown words', () => {
  it.each([
    ['--topci', 'unknown option --topci\nDid you mean --topic?'],
    ['--topci=a', 'unknown option --topci\nDid you mean --topic?'],
    ['--frobnicate', 'unknown option --frobnicate'],
    ['-message', '-m was given twice'],
    ['-é', 'unknown option "-é"'],
    ['-\u001b[2J', 'unknown option "-\\e"'],
    ['-zPsecret', 'unknown option -z'],
    ['-rzPsecret', 'unknown option -z'],
    ['--json=secret', 'unknown option --json'],
    ['--\u001b[2J', 'unknown option "--\\e[2J"'],
  ])('%s is refused with a suggestion where there is one', (word, fault) => {
    expect(faultOf(() => parsePub(['-t', 'a', '-m', 'b', word]))).toBe(fault);
  });

  it('are refused before anything else is looked at', () => {
    expect(faultOf(() => parsePub(['-q', '3', '--frobnicate']))).toBe('unknown option --frobnicate');
  });

  it('are options of other commands too', () => {
    expect(faultOf(() => parsePub(['-C', '1']))).toBe('unknown option -C');
    expect(faultOf(() => parseSub(['-m', 'x']))).toContain('unknown option -m');
    expect(parseSub(['-C', '1']).get(countOption)).toBe(1);
  });

  it.each(['hello', '-', '', 'localhost', 'h:1883', 'a/b'])('"%s" without a dash is no option', (word) => {
    expect(faultOf(() => parsePub(['-t', 'a', word]))).toContain('unexpected argument');
    expect(faultOf(() => parsePub(['--', word]))).toContain('A topic is given with -t, a message with -m');
  });

  it('after two dashes are words, whatever they look like', () => {
    expect(faultOf(() => parsePub(['-t', 'a', '--', '-m', 'b']))).toContain('unexpected argument -m');
    expect(parsePub(['--', 'mqtt://h']).get(urlArgument)?.host).toBe('h');
  });
});

describe('the positional URL', () => {
  it('may stand anywhere, once', () => {
    for (const argv of [
      ['mqtt://h:1', '-t', 'a', '-r'],
      ['-t', 'a', 'mqtt://h:1', '-r'],
      ['-t', 'a', '-r', 'mqtt://h:1'],
    ]) {
      const values = parsePub(argv);
      expect([values.get(hostOption), values.get(portOption)]).toEqual(['h', 1]);
    }
    expect(faultOf(() => parsePub(['mqtt://a', 'mqtt://b']))).toContain('unexpected argument mqtt://b');
    expect(faultOf(() => parsePub(['mqtt://a', 'mqtt://u:sentinel@b']))).toContain(
      'unexpected argument "mqtt://***@b"',
    );
    expect(faultOf(() => parsePub(['u:sentinel@b']))).toContain('unexpected argument "***@b"');
  });

  it('says what is wrong with it, without its credentials', () => {
    expect(faultOf(() => parsePub(['http://u:sentinel@h']))).toContain('URL "http://***@h": is not a broker URL');
    expect(faultOf(() => parsePub(['mqtt://u:sentinel@h/a']))).toContain('URL "mqtt://***@h/a": must not have a path');
  });

  it('sets what it says: host, port, user name and password', () => {
    const values = parsePub(['mqtts://u:p@h']);
    expect(values.get(hostOption)).toBe('h');
    expect(values.get(portOption)).toBe(8883);
    expect(values.get(usernameOption)).toBe('u');
    expect(values.get(passwordOption)).toBe('p');
    expect(values.occurrences(hostOption)[0]?.partOf?.value).toMatchObject({ scheme: 'mqtts' });
  });
});

describe('-L', () => {
  it('sets the topic of mqtt-pub and adds one to mqtt-sub', () => {
    expect(parsePub(['-L', 'mqtt://h/a']).get(topicOption)).toBe('a');
    expect(parsePub(['-L', 'mqtt://h/a', '-t', 'b']).get(topicOption)).toBe('b');
    expect(parseSub(['-t', 'b', '-L', 'mqtt://h/a/#']).get(filterOption)).toEqual(['b', 'a/#']);
  });

  it('is held to the rules of topics', () => {
    expect(faultOf(() => parsePub(['-L', 'mqtt://h/a/#']))).toContain('-L a/#: must not hold the wildcards + and #');
    expect(faultOf(() => parseSub(['-L', 'mqtt://h/a/#/b']))).toContain('-L a/#/b: "#" must stand alone');
  });

  it('says what is wrong with it, without its credentials', () => {
    expect(faultOf(() => parsePub(['-L', 'mqtt://u:sentinel@h']))).toBe(
      '-L "mqtt://***@h": must end with the topic\nSuch as -L mqtt://localhost/my/topic',
    );
    expect(parsePub(['-L', 'mqtt://u:p@h/a']).get(mosquittoUrlOption)).toMatchObject({ username: 'u', password: 'p' });
  });
});

describe('the environment', () => {
  const ENV = {
    MQTT_HOST: 'h',
    MQTT_PORT: '1',
    MQTT_USERNAME: 'u',
    MQTT_PASSWORD: 'p',
  };

  it('is weaker than the command line, and stronger than the defaults', () => {
    const values = parsePub(['-p', '2'], ENV);
    expect(values.get(hostOption)).toBe('h');
    expect(values.get(portOption)).toBe(2);
    expect(values.get(usernameOption)).toBe('u');
    expect(values.get(passwordOption)).toBe('p');
    expect(values.source(hostOption)).toEqual({ kind: 'environment', variable: 'MQTT_HOST' });
    expect(values.source(portOption)).toEqual({ kind: 'flag', spelled: '-p' });
  });

  it('counts as not set where it is empty', () => {
    const values = parsePub([], { MQTT_HOST: '', MQTT_PORT: '', MQTT_USERNAME: '', MQTT_PASSWORD: '', MQTT_URL: '' });
    expect(values.get(hostOption)).toBe('localhost');
    expect(values.has(usernameOption)).toBe(false);
    expect(values.has(passwordOption)).toBe(false);
    expect(values.has(urlArgument)).toBe(false);
  });

  it('is not looked at beyond the variables of the table', () => {
    const values = parsePub([], { MQTT_ID: 'x', MQTT_TOPIC: 'x', HOST: 'x', USERNAME: 'x', PORT: 'x' });
    expect(values.has(clientIdOption)).toBe(false);
    expect(values.has(topicOption)).toBe(false);
    expect(values.has(portOption)).toBe(false);
  });

  it('may be wrong where the command line says otherwise: MQTT_PORT is tcp://... in a Kubernetes pod', () => {
    const env = { MQTT_PORT: 'tcp://10.0.0.1:1883' };
    expect(faultOf(() => parsePub([], env))).toContain('MQTT_PORT tcp://10.0.0.1:1883: must be a whole number');
    expect(parsePub(['-p', '2'], env).get(portOption)).toBe(2);
    expect(parsePub(['mqtt://h'], env).get(portOption)).toBe(1883);
    expect(faultOf(() => parsePub(['-q', '3'], env))).toContain('-q 3');
  });

  it('holds a URL with the meaning of the positional one, which overrules it', () => {
    const env = { MQTT_URL: 'mqtts://u:p@h' };
    expect(parsePub([], env).get(urlArgument)).toMatchObject({ scheme: 'mqtts', host: 'h', port: 8883 });
    expect(parsePub(['mqtt://other'], env).get(urlArgument)).toMatchObject({ scheme: 'mqtt', host: 'other' });
    expect(faultOf(() => parsePub([], { MQTT_URL: 'mqtt://u:sentinel@h/a' }))).toContain(
      'MQTT_URL "mqtt://***@h/a": must not have a path',
    );
  });
});

describe.each(COMMANDS.map((command) => [command.name, command] as const))('the options of %s', (_name, command) => {
  it('can each be given without disturbing another', () => {
    for (const spec of command.options) {
      if (spec.long === 'broker-url') continue;
      const words = spec.valueNames.map(() => 'sentinel-value');
      try {
        const values = parseOptions({ specs: command.options, argv: [`--${spec.long}`, ...words], env: {} });
        for (const other of command.options) {
          const isPart = values.occurrences(other).some(({ partOf }) => partOf !== undefined);
          expect(values.has(other) && !isPart).toBe(other === spec);
        }
      } catch (error) {
        // An option that takes only some texts says its own name, and no other's.
        expect((error as Error).message).toContain(`--${spec.long} `);
      }
    }
  });
});
