import type { Clock } from '../../src/cli/context.ts';
import { makeSystemContext } from '../../src/cli/system-context.ts';

/** The clock of the real world, for tests of the network. */
export const systemClock: Clock = makeSystemContext(new AbortController().signal).clock;
