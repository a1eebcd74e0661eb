import { ExitCode } from './cli/exit-codes.ts';

/**
 * A failure that a user can act on: one line that says what failed, on what and why, and a hint of what to type next.
 * Everything a command throws on purpose is one of the subclasses below; anything else is a bug and ends with exit 70.
 */
export class CliError extends Error {
  /** Stable name for scripts and tests, such as `E_USAGE`. */
  readonly code: string = 'E_FAILURE';
  readonly exitCode: ExitCode = ExitCode.failure;
  /** What to try or to type next, without a final newline; shown indented under the message. */
  readonly hint: string | undefined;

  constructor(message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.hint = hint;
  }
}

/** The command line, an environment variable or a file it names is wrong; nothing was sent. */
export class UsageError extends CliError {
  override readonly code = 'E_USAGE';
  override readonly exitCode = ExitCode.usage;
}

/** No connection to the broker could be made, or no CONNACK came in time. */
export class UnreachableError extends CliError {
  override readonly code = 'E_UNREACHABLE';
  override readonly exitCode = ExitCode.unreachable;
}

/** The TLS handshake failed, or the broker's certificate is not acceptable. */
export class TlsError extends CliError {
  override readonly code = 'E_TLS';
  override readonly exitCode = ExitCode.tls;
  /** Whether it may pass by itself: a broker that starts closes handshakes, a clock that is wrong is set. */
  readonly temporary: boolean;

  constructor(message: string, hint?: string, options?: ErrorOptions, temporary = false) {
    super(message, hint, options);
    this.temporary = temporary;
  }
}

/** CONNACK refused the login: credentials, not authorized, banned. */
export class UnauthorizedError extends CliError {
  override readonly code = 'E_UNAUTHORIZED';
  override readonly exitCode = ExitCode.unauthorized;
}

/** CONNACK refused the connection for any other reason. */
export class RefusedError extends CliError {
  override readonly code = 'E_REFUSED';
  override readonly exitCode = ExitCode.refused;
  /** Whether the broker is only busy or unavailable at the moment. */
  readonly temporary: boolean;

  constructor(message: string, hint?: string, temporary = false) {
    super(message, hint);
    this.temporary = temporary;
  }
}

/** A connection that had reached CONNACK ended without our asking for it. */
export class ConnectionLostError extends CliError {
  override readonly code = 'E_CONNECTION_LOST';
  override readonly exitCode = ExitCode.connectionLost;
}

/** SUBACK denied every Topic Filter. */
export class SubscriptionDeniedError extends CliError {
  override readonly code = 'E_SUBSCRIPTION_DENIED';
  override readonly exitCode = ExitCode.subscriptionDenied;
}

/** PUBACK or PUBREC refused a message, or the broker's limits do not admit it. */
export class PublishRefusedError extends CliError {
  override readonly code = 'E_PUBLISH_REFUSED';
  override readonly exitCode = ExitCode.publishRefused;
}

/** Input or a payload could not be decoded. */
export class UndecodableError extends CliError {
  override readonly code = 'E_UNDECODABLE';
  override readonly exitCode = ExitCode.undecodable;
}

/** A benchmark lost messages, had them refused, or missed a threshold. */
export class BenchFailedError extends CliError {
  override readonly code = 'E_BENCH_FAILED';
  override readonly exitCode = ExitCode.benchFailed;
}

/** `-W` ran out before the goal was reached. */
export class TimeLimitError extends CliError {
  override readonly code = 'E_TIME_LIMIT';
  override readonly exitCode = ExitCode.timeLimit;
}

/** Standard input could not be read to its end (a folder, an I/O error). */
export class InputError extends CliError {
  override readonly code = 'E_INPUT';
}

/** Standard output could not be written (disk full, I/O error). */
export class OutputError extends CliError {
  override readonly code = 'E_OUTPUT';
}

/** A signal ended the command before its goal was reached. */
export class InterruptedError extends CliError {
  override readonly code = 'E_INTERRUPTED';
  override readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Something that cannot happen did: always a bug of ours. */
export class InternalError extends CliError {
  override readonly code = 'E_INTERNAL';
  override readonly exitCode = ExitCode.internal;
}
