/** Every exit code that a command can end with. docs/exit-codes.md is generated from {@link EXIT_CODE_MEANINGS}. */
export const ExitCode = {
  ok: 0,
  failure: 1,
  usage: 2,
  unreachable: 3,
  tls: 4,
  unauthorized: 5,
  refused: 6,
  connectionLost: 7,
  subscriptionDenied: 8,
  publishRefused: 9,
  undecodable: 10,
  benchFailed: 11,
  timeLimit: 27,
  internal: 70,
  hangup: 129,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** What each code tells a script, in the order of the table in the documentation. */
export const EXIT_CODE_MEANINGS: readonly (readonly [ExitCode, string])[] = [
  [
    ExitCode.ok,
    'success; `mqtt-sub` without a goal (`-C`, `-W`, `-E`, `--idle`) that was stopped by SIGINT or SIGTERM once it was connected; the reader closed the pipe',
  ],
  [ExitCode.failure, 'anything else that failed while running (an output error, for example)'],
  [ExitCode.usage, 'usage: no arguments, a wrong option, value or topic, an unreadable file named on the command line'],
  [ExitCode.unreachable, 'cannot reach the broker: name, refused, unreachable, no CONNACK in time'],
  [ExitCode.tls, 'TLS: certificate, handshake, client certificate'],
  [ExitCode.unauthorized, 'refused: credentials, not authorized, banned'],
  [ExitCode.refused, 'refused: any other CONNACK (version, Client Identifier, busy, moved)'],
  [ExitCode.connectionLost, 'connection lost, or DISCONNECT by the broker, and not recovered'],
  [ExitCode.subscriptionDenied, 'every subscription was denied; with `--strict` any'],
  [ExitCode.publishRefused, 'the broker refused a message'],
  [ExitCode.undecodable, 'input or a payload could not be decoded'],
  [
    ExitCode.benchFailed,
    '`mqtt-bench`: messages were lost or refused, a condition of `--assert` did not hold, or a result is slower than `--tolerance` allows',
  ],
  [ExitCode.timeLimit, '`-W` ran out before the goal was reached'],
  [ExitCode.internal, 'internal error: a bug of ours'],
  [ExitCode.hangup, 'stopped by SIGHUP before the goal was reached'],
  [ExitCode.interrupted, 'stopped by SIGINT (Ctrl-C) before the goal was reached'],
  [ExitCode.terminated, 'stopped by SIGTERM before the goal was reached'],
];
