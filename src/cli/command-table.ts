import type { Command } from '../commands/command.ts';

/** The commands by name; each is loaded only when it is run. */
export const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  'mqtt-pub': async () => (await import('../commands/pub.ts')).pubCommand,
  'mqtt-sub': async () => (await import('../commands/sub.ts')).subCommand,
  'mqtt-rr': async () => (await import('../commands/rr.ts')).rrCommand,
  'mqtt-bench': async () => (await import('../commands/bench.ts')).benchCommand,
};
