import { randomBytes } from 'node:crypto';
import type { RunId } from '../content/probe.ts';

/** The mark of a new run. */
export function makeRunId(): RunId {
  return randomBytes(8).toString('hex');
}
