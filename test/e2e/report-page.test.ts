/** The page of mqtt-bench report as a browser without a network shows it. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatHtml } from '../../src/bench/report/html.ts';
import type { BenchResult } from '../../src/bench/result/result.ts';
import { formatCount, formatLatencyUs } from '../../src/output/units.ts';
import { makeFullResult, makeHostileResult, makeSamples } from '../bench/support/results.ts';
import { readStored } from '../bench/support/stored.ts';
import { describeWith, findCommand } from '../support/needs.ts';
import { runSpawnedCli } from '../support/spawn-cli.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const full = makeFullResult();

/** A page that was opened, and what should not have happened on the way. */
interface Opened {
  readonly page: Page;
  /** Errors and warnings of the console, exceptions, and each request that was not the page itself. */
  readonly complaints: readonly string[];
}

describe('the built mqtt-bench report', () => {
  const stored = fileURLToPath(new URL('../bench/stored/frozen.json', import.meta.url));

  it('makes the same page as the sources', async () => {
    const { exitCode, stdout, stderr } = await runSpawnedCli('mqtt-bench', ['report', stored, '--format', 'html']);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout.toString()).toBe(formatHtml(readStored('frozen')));
  });

  it('prints what the run printed, from its JSON', async () => {
    const words = ['--broker', 'embedded', '-n', '200', '-q', '1'];
    const folder = makeTempFolder();
    const out = folder.file('result.json');
    const run = await runSpawnedCli('mqtt-bench', [...words, '--out', out]);
    const again = await runSpawnedCli('mqtt-bench', ['report', out]);
    folder.remove();
    expect(run.exitCode, run.stderr).toBe(0);
    expect(again.stdout.toString()).toBe(run.stdout.toString());
  });
});

describeWith(['chromium'], 'the page of a report', () => {
  const folder = makeTempFolder();
  let browser: Browser;

  beforeAll(async () => {
    const executablePath = findCommand('chromium');
    // Its sandbox does not work for root.
    const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    browser = await chromium.launch({ ...(executablePath && { executablePath }), args });
  });

  afterAll(async () => {
    await browser?.close();
    folder.remove();
  });

  async function open(
    result: BenchResult,
    { width = 1280, colorScheme = 'light' as 'light' | 'dark', javaScriptEnabled = true } = {},
  ): Promise<Opened> {
    const path = folder.file('report.html');
    writeFileSync(path, formatHtml(result));
    const viewport = { width, height: 800 };
    const context = await browser.newContext({ viewport, colorScheme, javaScriptEnabled, offline: true });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('dialog', (dialog) => complaints.push(`dialog: ${dialog.message()}`));
    page.on('request', (request) => {
      if (request.url() !== pathToFileURL(path).href) complaints.push(request.url());
    });
    await page.goto(pathToFileURL(path).href);
    return { page, complaints };
  }

  // What runs in the page is a text: the types of a browser are not known here.
  /** How many pixels of each chart's canvas are not transparent. */
  const drawnPixels = (page: Page): Promise<number[]> =>
    page.evaluate(`[...document.querySelectorAll('.chart canvas')].map((canvas) =>
      canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data
        .filter((value, index) => index % 4 === 3 && value > 0).length)`);

  /** Pixels that can only be seen by moving the page sideways. */
  const overflow = (page: Page): Promise<number> =>
    page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');

  const backgroundOf = (page: Page): Promise<string> =>
    page.evaluate('getComputedStyle(document.body).backgroundColor');

  /** The cells of the table that a screen reader calls `name`, by row. */
  const cellsOf = (page: Page, name: string): Promise<string[][]> =>
    page
      .locator(`[role="region"][aria-label="${name}"] tbody tr`)
      .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent ?? '')));

  it('draws its charts without a network, and without complaint', async () => {
    const { page, complaints } = await open(full);
    expect(await page.locator('.chart').count()).toBe(6);
    const pixels = await drawnPixels(page);
    expect(pixels).toHaveLength(6);
    for (const count of pixels) expect(count).toBeGreaterThan(2000);
    expect(complaints).toEqual([]);
  });

  it('shows under the cursor what the sample says', async () => {
    const { page } = await open(full);
    await page.locator('#rate .u-over').hover();
    const { sent = 0 } = full.samples[9] ?? {};
    const legend = page.locator('#rate .u-legend');
    await expect.poll(() => legend.textContent()).toMatch(/at10 s/);
    expect(await legend.textContent()).toMatch(new RegExp(`sent${formatCount(Number(sent.toPrecision(4)))}accepted`));
  });

  it.each([
    ['all there is', full],
    ['a short run', readStored('lossless')],
    ['a longer one', readStored('frozen')],
    ['long names', makeHostileResult()],
  ])('fits a phone, with %s', async (_, result) => {
    const { page } = await open(result, { width: 360 });
    expect(await overflow(page)).toBe(0);
    for (const text of await page.locator('h1, h2, figcaption, .figures dd').all()) {
      const box = await text.boundingBox();
      expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(360);
    }
  });

  it('draws its charts again for another width', async () => {
    const { page, complaints } = await open(full);
    const widthOf = (): Promise<number> => page.locator('#rate .uplot').evaluate((plot) => plot.clientWidth);
    const wide = await widthOf();
    await page.setViewportSize({ width: 360, height: 800 });
    await expect.poll(widthOf).toBeLessThan(wide);
    expect(await overflow(page)).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('is dark where that is preferred, and turns dark and light with the preference', async () => {
    const { page, complaints } = await open(full, { colorScheme: 'dark' });
    const dark = await backgroundOf(page);
    const chart = page.locator('#rate');
    const darkChart = await chart.screenshot();
    await page.emulateMedia({ colorScheme: 'light' });
    expect(await backgroundOf(page)).not.toBe(dark);
    expect((await chart.screenshot()).equals(darkChart)).toBe(false);
    const [red = 0, green = 0, blue = 0] = dark.match(/\d+/g)?.map(Number) ?? [];
    expect(red + green + blue).toBeLessThan(150);
    for (const count of await drawnPixels(page)) expect(count).toBeGreaterThan(2000);
    expect(complaints).toEqual([]);
  });

  it('has the numbers of the result in its tables', async () => {
    const { page } = await open(full);
    const { ledger } = full;
    expect(await cellsOf(page, 'Ledger')).toEqual([
      ['run', ...['60,000', '60,000', '0', '0', '0', '60,000', '56,673', '3,327', '0', '0']],
    ]);
    expect([ledger.attempted, ledger.delivered, ledger.lost]).toEqual([60_000, 56_673, 3327]);
    const latencies = await cellsOf(page, 'Latency');
    expect(latencies.map(([name, count]) => [name, count])).toEqual([
      ['start to TCP open', '3'],
      ['CONNECT to CONNACK', '3'],
      ['SUBSCRIBE to SUBACK', '1'],
      ['publish to PUBACK', '60,000'],
      ['due time to delivery', '56,673'],
      ['publish to delivery', '56,673'],
    ]);
    const { max, mean, min, p50, p90, p99, p999 } = full.latency.endToEnd;
    expect(latencies[4]?.slice(2)).toEqual([min, mean, p50, p90, p99, p999, max].map((us) => formatLatencyUs(us ?? 0)));
    const samples = await cellsOf(page, 'Samples');
    expect(samples.map(([at, sent, accepted, delivered]) => [at, sent, accepted, delivered])).toEqual(
      full.samples.map(({ accepted, atMs, delivered, sent }) => [
        `${(atMs / 1000).toFixed(1)} s`,
        ...[sent, accepted, delivered].map(formatCount),
      ]),
    );
    expect(await cellsOf(page, 'Thresholds')).toEqual([
      ['p99 < 100ms', '12.34 ms', 'held'],
      ['lost == 0', '3327', 'missed'],
      ['delivered/s >= 20k', '21945.66', 'held'],
      ['connack.p99 < 1ms', 'not measured', 'missed'],
    ]);
    expect(await page.locator('.figures').textContent()).toMatch(/Sent23,300 msg\/s\s+Delivered21,900 msg\/s/);
  });

  it('shows what the file says as text, whatever it says', async () => {
    const { page, complaints } = await open(makeHostileResult());
    expect(await page.locator('h1').textContent()).toContain('</script><script>alert(1)</script><img src=x onerror=');
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.locator('script').count()).toBe(2);
    for (const count of await drawnPixels(page)) expect(count).toBeGreaterThan(500);
    expect(complaints).toEqual([]);
  });

  it('tells a screen reader what its charts show, and has a name for every table', async () => {
    const { page } = await open(full);
    for (const chart of await page.getByRole('img').all()) {
      expect(await chart.getAttribute('aria-label')).toMatch(/^[A-Z][^:]+: .* from [\d.,]+ to [\d.,]+/);
    }
    expect(await page.getByRole('img').count()).toBe(6);
    expect(await page.locator('table:not([aria-label] table)').count()).toBe(0);
    expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1);
    expect(await page.locator('html').getAttribute('lang')).toBe('en');
  });

  it('tells all but the charts without JavaScript', async () => {
    const { page } = await open(full, { javaScriptEnabled: false });
    expect(await page.locator('body').textContent()).toContain('Failed: lost was 3327');
    expect(await page.getByText('56,673').count()).toBeGreaterThan(0);
  });

  it('opens with an hour of samples, and shows some of them', async () => {
    const { page, complaints } = await open({ ...full, samples: makeSamples(3600, 25_000) });
    expect((await cellsOf(page, 'Samples')).length).toBeLessThanOrEqual(500);
    for (const count of await drawnPixels(page)) expect(count).toBeGreaterThan(2000);
    expect(complaints).toEqual([]);
  });
});
