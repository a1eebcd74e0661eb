const endings: (() => void)[] = [];

/** Calls `end` when the test process ends, should a clean-up have been missed. It must not wait for anything. */
export function atExit(end: () => void): void {
  if (endings.length === 0) {
    process.on('exit', () => {
      for (const each of endings) each();
    });
    // vitest ends its workers so, which by itself skips everything above.
    process.once('SIGTERM', () => process.exit(143));
  }
  endings.push(end);
}
