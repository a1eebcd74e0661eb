import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatCsv } from '../../src/bench/report/csv.ts';
import { formatHtml } from '../../src/bench/report/html.ts';
import { formatJson } from '../../src/bench/report/json.ts';
import { formatMarkdown } from '../../src/bench/report/markdown.ts';
import { formatReport } from '../../src/bench/report/text.ts';
import { makeFullResult } from '../bench/support/results.ts';
import { MemoryOutput } from '../support/memory-streams.ts';
import { runCli, type World } from '../support/run-cli.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const full = makeFullResult();
const folder = makeTempFolder();
const file = folder.file('result.json');

beforeAll(() => writeFileSync(file, formatJson(full)));
afterAll(() => folder.remove());

interface Printed {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function report(argv: readonly string[], world?: World): Promise<Printed> {
  const { exitCode, stdout, stderr } = await runCli('mqtt-bench', ['report', ...argv], world);
  return { exitCode, stdout: stdout.toString(), stderr };
}

describe('mqtt-bench report', () => {
  it('prints what the run printed, and succeeds whatever the run came to', async () => {
    expect(await report([file])).toEqual({ exitCode: 0, stdout: formatReport(full), stderr: '' });
  });

  it('fits it to a terminal', async () => {
    const stdout = new MemoryOutput({ isTTY: true, columns: 70 });
    expect((await report([file], { stdout })).stdout).toBe(formatReport(full, 70));
  });

  it.each([
    [['--format', 'text'], formatReport(full)],
    [['--format', 'csv'], formatCsv(full, 'samples')],
    [['--format', 'csv', '--table', 'ledger'], formatCsv(full, 'ledger')],
    [['--format', 'csv', '--table', 'latency'], formatCsv(full, 'latency')],
    [['--format', 'markdown'], formatMarkdown(full)],
    [['--format', 'html'], formatHtml(full)],
  ])('prints %j', async (words, text) => {
    expect(await report([...words, file])).toEqual({ exitCode: 0, stdout: text, stderr: '' });
  });

  it('reads standard input', async () => {
    expect((await report(['-'], { stdin: formatJson(full) })).stdout).toBe(formatReport(full));
  });

  it.each([
    ['report.html', formatHtml(full)],
    ['REPORT.HTM', formatHtml(full)],
    ['samples.csv', formatCsv(full, 'samples')],
    ['summary.md', formatMarkdown(full)],
    ['report.txt', formatReport(full)],
    ['html', formatReport(full)],
  ])('writes %s in the format of its name', async (name, text) => {
    const path = folder.file(name);
    expect(await report([file, '-O', path])).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('lets --format overrule the name', async () => {
    const path = folder.file('page.txt');
    await report([file, '--output', path, '--format', 'html']);
    expect(readFileSync(path, 'utf8')).toBe(formatHtml(full));
  });

  it('shows its own help, and a part of it without a word', async () => {
    expect((await report(['--help'])).stdout).toMatch(/^mqtt-bench report: .*\n\nusage: mqtt-bench report FILE /);
    const { exitCode, stderr } = await report([]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^mqtt-bench report: .*\n\nusage: mqtt-bench report FILE /);
  });
});

describe('mqtt-bench report ends with', () => {
  const other = folder.file('other.json');

  it.each([
    ['no file', ['--format', 'csv'], 'mqtt-bench: which result is missing'],
    ['two', [file, file], `mqtt-bench: unexpected argument ${file}`],
    ['one that is not there', [folder.file('none.json')], `mqtt-bench: FILE ${folder.file('none.json')}: no such file`],
    ['a folder', [folder.path], `mqtt-bench: FILE ${folder.path}: is a folder`],
    ['another format', [file, '--format', 'pdf'], 'mqtt-bench: --format pdf: must be one of text, csv, markdown, html'],
    ['another table', [file, '--table', 'all'], 'mqtt-bench: --table all: must be one of samples, ledger, latency'],
    ['a table of no CSV', [file, '--table', 'ledger'], 'mqtt-bench: --table is for --format csv, and this is text'],
    [
      'an output in no folder',
      [file, '-O', folder.file('none/report.html')],
      `mqtt-bench: -O ${folder.file('none/report.html')}: no such folder`,
    ],
    ['a broker', [file, '-h', 'localhost'], 'mqtt-bench: unknown option -h'],
  ])('2 for %s', async (_, argv, message) => {
    const { exitCode, stdout, stderr } = await report(argv);
    expect([exitCode, stdout, stderr.split('\n')[0]]).toEqual([2, '', message]);
  });

  it.each([
    ['half a result', formatJson(full).slice(0, 5000), 'is not JSON, or not all of it'],
    ['nothing', '', 'is not JSON, or not all of it'],
    ['a message of mqtt-sub', '{"v":1,"topic":"a"}', 'is no result of mqtt-bench'],
    ['another version', '{"v":3,"ledger":{}}', 'has version 3 of the result format; this mqtt-bench reads version 1'],
    [
      'a ledger that does not add up',
      JSON.stringify({ ...full, ledger: { ...full.ledger, lost: 0 } }),
      'is a damaged result: the ledger of the run does not add up: expected 60000 is not delivered 56673 + lost 0',
    ],
  ])('10 for %s, and writes nothing', async (_, content, message) => {
    writeFileSync(other, content);
    const output = folder.file('never.html');
    const { exitCode, stdout, stderr } = await report([other, '-O', output]);
    expect([exitCode, stdout, stderr.split('\n')[0]]).toEqual([10, '', `mqtt-bench: ${other} ${message}`]);
    expect(existsSync(output)).toBe(false);
  });

  it.each([
    ['1 when the disk is full', 'ENOSPC', 1],
    ['0 when the reader has gone', 'EPIPE', 0],
  ] as const)('%s', async (_, code, expected) => {
    const stdout = new MemoryOutput();
    stdout.failWith(code);
    expect((await report([file], { stdout })).exitCode).toBe(expected);
  });
});
