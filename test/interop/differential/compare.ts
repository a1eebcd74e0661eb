/** Holds the outcome of our client against that of mosquitto's, and against what the table says. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { findCommand } from '../../support/needs.ts';
import type { Difference, Expectation } from './case.ts';
import type { Both, Outcome } from './clients.ts';
import { maskTimes, modernise } from './normalise.ts';

/** Which clients are installed; Debian 12 has 2.0.11. */
const INSTALLED = ((): '2.0' | '2.1' => {
  const command = findCommand('mosquitto_sub');
  // Asked for its version, mosquitto_sub says it and exits with 1.
  const said = command === undefined ? '' : String(spawnSync(command, ['--version']).stdout);
  const [, major, minor] = /version (\d+)\.(\d+)/.exec(said) ?? [];
  return Number(major) * 100 + Number(minor) >= 201 ? '2.1' : '2.0';
})();

/** Whether the clients that are installed are those that differ. */
export function isTrueHere(differs: Difference | undefined): differs is Difference {
  return differs !== undefined && (differs.from === undefined || differs.from === INSTALLED);
}

interface Facts {
  stdout: string;
  exitCode: number | 'not zero';
  sent?: Outcome['sent'];
}

/** Throws, with both outcomes side by side, where ours is not what it must be. */
export function compare({ theirs, ours }: Both<Outcome>, expectation: Expectation, wire: boolean): void {
  const { stdout, exitCode, sent, differs } = expectation;
  const theirFacts: Facts = { ...factsOf(theirs, exitCode, wire), stdout: showText(modernise(theirs.stdout)) };
  const ourFacts = factsOf(ours, exitCode, wire);
  const written: Partial<Facts> = {
    ...(stdout !== undefined && { stdout: showText(Buffer.from(stdout)) }),
    ...(exitCode !== undefined && { exitCode }),
    ...(sent !== undefined && { sent }),
  };
  const said = `ours said ${JSON.stringify(ours.stderr)}, theirs ${JSON.stringify(theirs.stderr)}`;
  expect(ourFacts, said).toEqual({ ...theirFacts, ...written });
  const theirPart = Object.fromEntries(Object.keys(written).map((key) => [key, theirFacts[key as keyof Facts]]));
  if (!isTrueHere(differs)) {
    expect(theirPart, `theirs is not as written, and that is not listed; ${said}`).toEqual(written);
  } else {
    expect(theirPart, `listed as a difference, and there is none: ${differs.reason}`).not.toEqual(written);
  }
}

/** Our exit codes say more than mosquitto's: what both must agree on is zero or not. */
function factsOf({ stdout, exitCode, sent }: Outcome, exact: number | undefined, wire: boolean): Facts {
  return {
    stdout: showText(stdout),
    exitCode: exact === undefined && exitCode !== 0 ? 'not zero' : exitCode,
    ...(wire && { sent }),
  };
}

/** Byte for byte, but so that a difference can be read; what is too long for that by its length and digest. */
function showText(bytes: Buffer): string {
  if (bytes.length > 4096) return `${bytes.length} bytes, ${createHash('sha256').update(bytes).digest('hex')}`;
  return maskTimes(bytes.toString('latin1')).replace(/(theirs|ours)-\d+/g, '{id}');
}
