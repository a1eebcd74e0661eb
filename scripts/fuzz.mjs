// `npm run fuzz [-- CASES]`: the properties of test/fuzz with a million cases, or as many as are asked for.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const cases = Number(process.argv[2] ?? 1_000_000);
if (!Number.isSafeInteger(cases) || cases < 1) {
  console.error('usage: npm run fuzz -- [CASES]');
  process.exit(2);
}

const started = performance.now();
const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
const run = spawn(process.execPath, [vitest, 'run', '--project', 'unit', 'test/fuzz', '--disable-console-intercept'], {
  env: { ...process.env, FUZZ_CASES: String(cases) },
  stdio: ['ignore', 'pipe', 'inherit'],
});
let printed = '';
run.stdout.on('data', (chunk) => {
  printed += chunk;
  process.stdout.write(chunk);
});
run.on('close', (exitCode) => {
  const counts = [...printed.matchAll(/fuzzed (\d+) cases/g)].map(([, count]) => Number(count));
  const sum = counts.reduce((total, count) => total + count, 0);
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(`${sum.toLocaleString('en')} cases of ${counts.length} properties in ${seconds} s`);
  process.exitCode = exitCode ?? 1;
});
