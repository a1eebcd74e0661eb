import type { StopReason } from './context.ts';
import { ExitCode } from './exit-codes.ts';

/** 128 plus the signal's number, as shells report it. */
export function exitCodeOfSignal({ signal }: StopReason): ExitCode {
  switch (signal) {
    case 'SIGHUP':
      return ExitCode.hangup;
    case 'SIGINT':
      return ExitCode.interrupted;
    case 'SIGTERM':
      return ExitCode.terminated;
  }
}
