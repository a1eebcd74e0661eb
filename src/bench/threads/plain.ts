/** What structured cloning between threads does not keep: Buffers, and the classes of errors. */
import * as errors from '../../errors.ts';

/** What is wrong; its class is found again by `code`. */
export interface ErrorState {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
}

export function toErrorState(error: Error): ErrorState {
  if (error instanceof errors.CliError) return { code: error.code, message: error.message, hint: error.hint };
  return { code: new errors.InternalError('').code, message: error.stack ?? error.message, hint: undefined };
}

const CLASSES = [
  errors.UsageError,
  errors.UnreachableError,
  errors.TlsError,
  errors.UnauthorizedError,
  errors.RefusedError,
  errors.ConnectionLostError,
  errors.SubscriptionDeniedError,
  errors.PublishRefusedError,
] as const;

export function reviveError({ code, hint, message }: ErrorState): errors.CliError {
  for (const Class of CLASSES) {
    const error = new Class(message, hint);
    if (error.code === code) return error;
  }
  return new errors.InternalError(message, hint);
}

/** A copy in which what came as a Uint8Array is a Buffer again. */
export function reviveBuffers<T>(value: T): T {
  if (value instanceof Uint8Array) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength) as Uint8Array as T;
  }
  if (Array.isArray(value)) return value.map(reviveBuffers) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, reviveBuffers(inner)])) as T;
}
