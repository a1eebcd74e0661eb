// `npm run picture`: the picture of an HTML report in the documents, from a stored result, by Debian's chromium.
// Needs `npm run build` before it.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const ROOT = join(import.meta.dirname, '..');
const RESULT = join(ROOT, 'test/bench/stored/frozen.json');
const PICTURE = join(ROOT, 'docs/images/report.png');

const folder = mkdtempSync(join(tmpdir(), 'mqtt-bench-'));
try {
  const page = join(folder, 'report.html');
  const words = [join(ROOT, 'bin/mqtt-bench.js'), 'report', RESULT, '-O', page];
  const { status } = spawnSync(process.execPath, words, { stdio: 'inherit' });
  if (status !== 0) throw new Error(`mqtt-bench report ended with ${status}`);
  // Its sandbox does not work for root.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args });
  try {
    const tab = await browser.newPage({ viewport: { width: 1080, height: 1215 }, colorScheme: 'light' });
    await tab.goto(pathToFileURL(page).href);
    mkdirSync(join(ROOT, 'docs/images'), { recursive: true });
    await tab.screenshot({ path: PICTURE });
  } finally {
    await browser.close();
  }
  console.log(`wrote ${PICTURE}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
