import { escapeControls } from '../../output/escape.ts';

const LONGEST_NAME = 60;

/** What the broker calls itself. */
export interface BrokerIdentity {
  /** Such as `mosquitto`. */
  readonly name: string;
  readonly version?: string;
}

/** Reads `mosquitto version 2.0.11`; other texts are taken as a name. Cut short, and control characters escaped. */
export function parseIdentity(said: string): BrokerIdentity | undefined {
  const text = escapeControls(said.trim().slice(0, LONGEST_NAME));
  const match = /^(\S+) version (\S+)$/.exec(text);
  if (match?.[1] !== undefined && match[2] !== undefined) return { name: match[1], version: match[2] };
  return text === '' ? undefined : { name: text };
}
