import type { ReceivedMessage } from '../mqtt/session.ts';
import type { Gathered } from './gathered.ts';

/** Turns a received message into the bytes to print. Pure but for the time, which the caller gives. */
export interface Formatter {
  /** Whether the time says nothing to it: then `receivedMs` may be anything. */
  readonly isTimeless?: boolean;
  /** `receivedMs`: milliseconds since the Unix epoch. Undefined: the message prints nothing. */
  format(message: ReceivedMessage, receivedMs: number): Buffer | undefined;
  /** The same at the end of `gathered`, where that is faster. */
  append?(message: ReceivedMessage, receivedMs: number, gathered: Gathered): void;
}
