import { openSync, writeSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { InterruptedError, UsageError } from '../errors.ts';
import { ExitCode } from './exit-codes.ts';

const BACKSPACE = new Set(['\u007f', '\b']);
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const CTRL_U = '\u0015';

/**
 * Asks on the terminal of the process, whatever standard input is, and shows nothing of what is typed. Throws
 * UsageError where there is no terminal, InterruptedError for Ctrl-C.
 */
export function askSecret(prompt: string, stop: AbortSignal): Promise<string> {
  const descriptor = openTerminal();
  writeSync(descriptor, prompt);
  const terminal = new ReadStream(descriptor);
  terminal.setRawMode(true);
  terminal.setEncoding('utf8');
  return new Promise<string>((resolve, reject) => {
    let typed = '';
    const finish = (end: () => void): void => {
      stop.removeEventListener('abort', onStop);
      terminal.setRawMode(false);
      writeSync(descriptor, '\n');
      terminal.destroy();
      end();
    };
    const interrupt = (): void =>
      finish(() => reject(new InterruptedError('stopped while asking for the password', ExitCode.interrupted)));
    const onStop = (): void => interrupt();
    stop.addEventListener('abort', onStop, { once: true });
    terminal.on('data', (text: string) => {
      for (const character of text) {
        if (character === CTRL_C) return interrupt();
        if (character === '\r' || character === '\n' || character === CTRL_D) return finish(() => resolve(typed));
        if (character === CTRL_U) typed = '';
        else if (BACKSPACE.has(character)) typed = [...typed].slice(0, -1).join('');
        else typed += character;
      }
    });
  });
}

function openTerminal(): number {
  try {
    return openSync('/dev/tty', 'r+');
  } catch (error) {
    throw new UsageError(
      '--ask-password: there is no terminal to ask on',
      'In a script: --password-file FILE or MQTT_PASSWORD.',
      { cause: error },
    );
  }
}
