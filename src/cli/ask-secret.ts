import { openSync, writeSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { InterruptedError, UsageError } from '../errors.ts';
import { escapeControls } from '../output/escape.ts';
import type { StopReason } from './context.ts';
import { ExitCode } from './exit-codes.ts';
import { exitCodeOfSignal } from './signals.ts';

const BACKSPACE = new Set(['\u007f', '\b']);
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const CTRL_U = '\u0015';
/** What the arrows and the like send. [ECMA-48 5.4] */
const KEY_SEQUENCE = /\u001b[[O][0-?]*[ -/]*[@-~]/g;

/**
 * Asks on the terminal of the process, whatever standard input is, and shows nothing of what is typed. Throws
 * UsageError where there is no terminal, InterruptedError for Ctrl-C and for a signal.
 */
export function askSecret(prompt: string, stop: AbortSignal): Promise<string> {
  const descriptor = openTerminal();
  const terminal = new ReadStream(descriptor);
  // Before the prompt: what is typed at its sight must not be shown.
  terminal.setRawMode(true);
  terminal.setEncoding('utf8');
  writeSync(descriptor, escapeControls(prompt));
  return new Promise<string>((resolve, reject) => {
    let typed = '';
    const finish = (end: () => void): void => {
      stop.removeEventListener('abort', onStop);
      terminal.off('end', onGone).off('error', onGone);
      terminal.on('error', () => undefined);
      try {
        terminal.setRawMode(false);
        writeSync(descriptor, '\n');
      } catch {
        // A terminal that is gone needs neither.
      }
      terminal.destroy();
      end();
    };
    const interrupt = (exitCode: ExitCode): void =>
      finish(() => reject(new InterruptedError('stopped while asking for the password', exitCode)));
    const onStop = (): void => interrupt(exitCodeOfSignal(stop.reason as StopReason));
    // The terminal is gone: its window was closed.
    const onGone = (): void => interrupt(ExitCode.hangup);
    if (stop.aborted) return onStop();
    stop.addEventListener('abort', onStop, { once: true });
    terminal.once('end', onGone).once('error', onGone);
    terminal.on('data', (text: string) => {
      for (const character of text.replace(KEY_SEQUENCE, '')) {
        if (character === CTRL_C) return interrupt(ExitCode.interrupted);
        if (character === '\r' || character === '\n' || character === CTRL_D) return finish(() => resolve(typed));
        if (character === CTRL_U) typed = '';
        else if (BACKSPACE.has(character)) typed = [...typed].slice(0, -1).join('');
        else if (character >= ' ' || character === '\t') typed += character;
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
