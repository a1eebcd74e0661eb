/** Standard input, as it arrives or all of it. */
import type { Input } from '../cli/context.ts';
import { InputError } from '../errors.ts';

/** As it arrives. Throws InputError when it cannot be read to its end. */
export async function* readStdin(stdin: Input): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stdin) yield typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Buffer);
  } catch (error) {
    throw describeInputError(error as Error);
  }
}

/** All of it. Throws InputError when it cannot be read to its end. */
export async function readAll(stdin: Input): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of readStdin(stdin)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Why it could not be read to its end. */
export function describeInputError(error: NodeJS.ErrnoException): InputError {
  const reason = error.code === 'EISDIR' ? 'it is a folder' : error.message;
  return new InputError(`cannot read standard input: ${reason}`, undefined, { cause: error });
}
