// Sums vitest's JSON reports into the one line that ends `npm test`, and the exit status that goes with it.
// Words: the folder of the reports, how many there should be, then the names of the steps that failed.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, expected, ...failedSteps] = process.argv.slice(2);
const reports = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));
const sum = (key) => reports.reduce((total, report) => total + report[key], 0);

// A file that cannot even be loaded has no tests that could fail.
const brokenFiles = reports
  .flatMap((report) => report.testResults)
  .filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );

const passed = sum('numPassedTests');
const skipped = sum('numPendingTests') + sum('numTodoTests');
const failedTests = sum('numFailedTests') + brokenFiles.length;
// A step of tests that failed has been counted by its tests, unless it broke before it could report any.
const otherSteps = failedSteps.filter((name) => !name.endsWith(' tests'));
const missing = Number(expected) - reports.length;
const unexplained = failedSteps.length > otherSteps.length && failedTests + missing === 0 ? 1 : 0;
const failed = failedTests + otherSteps.length + missing + unexplained;

console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
if (failed > 0 || passed === 0) process.exitCode = 1;
