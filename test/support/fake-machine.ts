import type { Machine } from '../../src/cli/context.ts';

/** A machine on which nothing happens by itself. */
export class FakeMachine implements Machine {
  /** CPU time of this process so far. */
  cpuMicroseconds = 0;
  memory = 50_000_000;
  turns: number | undefined;
  /** The files that there are, and the folders, by how many names they hold. */
  readonly files = new Map<string, string>();
  readonly folders = new Map<string, number>();

  cpuUs(): number {
    return this.cpuMicroseconds;
  }

  memoryBytes(): number {
    return this.memory;
  }

  loopTurns(): number | undefined {
    return this.turns;
  }

  readText(path: string): string | undefined {
    return this.files.get(path);
  }

  countNames(path: string): number | undefined {
    return this.folders.get(path);
  }
}
