/** The forms of the report that are not for a terminal: CSV, Markdown, and the page as text. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LEDGER_COUNTS } from '../../../src/bench/record/ledger.ts';
import { makeCharts } from '../../../src/bench/report/charts.ts';
import { CSV_TABLES, formatCsv } from '../../../src/bench/report/csv.ts';
import { formatHtml } from '../../../src/bench/report/html.ts';
import { formatMarkdown } from '../../../src/bench/report/markdown.ts';
import { html, jsonForScript } from '../../../src/bench/report/markup.ts';
import type { Chart } from '../../../src/bench/report/page/chart.ts';
import { formatReport } from '../../../src/bench/report/text.ts';
import { type BenchResult, LATENCIES } from '../../../src/bench/result/result.ts';
import { makeConnResult, makeFullResult, makeHostileResult } from '../support/results.ts';
import { readStored } from '../support/stored.ts';

const full = makeFullResult();

/** [RFC 4180] */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  for (const line of text.split('\r\n').slice(0, -1)) {
    const cells = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",\r\n]*))/g)];
    rows.push(cells.map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? ''));
  }
  return rows;
}

function objectsOf(text: string): Record<string, string>[] {
  const [header = [], ...rows] = parseCsv(text);
  for (const row of rows) expect(row).toHaveLength(header.length);
  return rows.map((row) => Object.fromEntries(header.map((name, index) => [name, row[index] ?? ''])));
}

describe('the CSV', () => {
  it('has a row for each sample, with units in the names of the columns', () => {
    const rows = objectsOf(formatCsv(full, 'samples'));
    expect(rows).toHaveLength(full.samples.length);
    for (const [index, sample] of full.samples.entries()) {
      expect(rows[index]).toEqual({
        atMs: String(sample.atMs),
        sent: String(sample.sent),
        accepted: String(sample.accepted),
        delivered: String(sample.delivered),
        inFlight: String(sample.inFlight),
        lost: String(sample.lost),
        connections: String(sample.connections),
        p50Us: String(sample.latency?.p50),
        p99Us: String(sample.latency?.p99),
        maxUs: String(sample.latency?.max),
        generatorCpu: String(sample.generator.cpu),
        generatorLagUs: String(sample.generator.lagUs),
        generatorMemoryBytes: String(sample.generator.memoryBytes),
        brokerCpu: String(sample.brokerProcess?.cpu),
        brokerMemoryBytes: String(sample.brokerProcess?.memoryBytes),
        '$SYS/broker/clients/connected': '4',
        '$SYS/broker/load/messages/received/1min': String(sample.sys?.['load/messages/received/1min']),
      });
    }
  });

  it('leaves cells empty where nothing was measured, and has a header without samples', () => {
    const [first, ...rest] = full.samples;
    const samples = first === undefined ? [] : [{ ...first, latency: null, sys: null, brokerProcess: null }, ...rest];
    expect(objectsOf(formatCsv({ ...full, samples }, 'samples'))[0]).toMatchObject({
      p50Us: '',
      brokerCpu: '',
      '$SYS/broker/clients/connected': '',
    });
    expect(formatCsv({ ...full, samples: [] }, 'samples')).toMatch(/^atMs,sent,[^\r\n]*brokerMemoryBytes\r\n$/);
  });

  it('has the ledger of the run, of each publisher and each subscriber', () => {
    const rows = objectsOf(formatCsv(full, 'ledger'));
    expect(rows.map((row) => [row['of'], row['index']])).toEqual([
      ['run', ''],
      ['publisher', '0'],
      ['publisher', '1'],
      ['subscriber', '0'],
    ]);
    for (const count of LEDGER_COUNTS) {
      expect(rows[0]?.[count]).toBe(String(full.ledger[count]));
      expect(Number(rows[1]?.[count]) + Number(rows[2]?.[count])).toBe(full.ledger[count]);
    }
    expect(rows[3]).toMatchObject({ attempted: '', lost: '3327' });
  });

  it('has every distribution', () => {
    const rows = objectsOf(formatCsv(full, 'latency'));
    expect(rows.map((row) => row['name'])).toEqual([...LATENCIES]);
    const { count, p999, mean } = full.latency.puback;
    expect(rows[4]).toMatchObject({ count: String(count), p999Us: String(p999), meanUs: String(mean) });
    expect(rows[1]).toMatchObject({ name: 'tls', count: '0', minUs: '' });
  });

  it('keeps every name of $SYS in its cell', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const samples = full.samples.slice(0, 1).map((sample) => ({ ...sample, sys: { [name]: 1 } }));
        const rows = parseCsv(formatCsv({ ...full, samples }, 'samples'));
        expect(rows.map((row) => row.length)).toEqual([16, 16]);
        expect(rows[0]?.[15]).toMatch(/^\$SYS\/broker\//);
      }),
    );
  });
});

describe('the Markdown', () => {
  it('is tables of what there is to say', () => {
    expect(formatMarkdown(readStored('lossless'))).toBe(`\
**mosquitto 2.0.11 at localhost:1883, MQTT 5**  
1 publisher -> 1 subscriber, 64 B, QoS 1, window 1,000

| attempted | accepted | expected | delivered | lost | duplicated | out of order |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: |
| 1,000 | 1,000 | 1,000 | 1,000 | 0 | 0 | 0 |

| sent/s | accepted/s | delivered/s |
| ---: | ---: | ---: |
| 4,400 | 3,690 | 4,330 |

| latency | count | mean | p50 | p90 | p99 | p99.9 | max |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
| publish to PUBACK | 1,000 | 4.5 ms | 4.0 ms | 6.5 ms | 9.6 ms | 43.6 ms | 43.6 ms |
| publish to delivery | 1,000 | 3.3 ms | 3.2 ms | 5.4 ms | 8.5 ms | 11.0 ms | 11.0 ms |

> The broker takes 20 messages of a publisher at a time (Receive Maximum; in mosquitto max\\_inflight\\_messages): --window 1000 was not used in full. More --publishers may raise the rate.

<sub>mqtt-bench 0.1.0, run a2844ce49e994311 of 2026-11-22T17:02:09.194Z, Node 20.20.2, 2 x AMD EPYC</sub>
`);
  });

  it('shows thresholds with what was measured', () => {
    const text = formatMarkdown(full);
    expect(text).toContain(
      '| threshold | measured | verdict |\n| --- | --- | --- |\n| p99 &lt; 100ms | 12.34 ms | held |\n',
    );
    expect(text).toContain('| lost == 0 | 3327 | **missed** |');
  });

  it('lets nothing of the file be markup, a cell or a mention', () => {
    const text = formatMarkdown(makeHostileResult());
    expect(text).not.toMatch(/<(?!\/?sub>|!-- -->)/);
    expect(text).not.toMatch(/@(?!<!-- -->)/);
    expect(text).not.toContain('\u001b');
    for (const line of text.split('\n').filter((row) => row.startsWith('|'))) {
      expect(line.replaceAll('\\|', '').match(/\|/g)?.length, line).toBeLessThanOrEqual(9);
    }
    expect(text).toContain('\\*\\*bold\\*\\*');
    expect(text).toContain('\\[link\\](http://example.org)');
  });

  it.each(['pub', 'sub', 'rr', 'conn'] as const)('has the counts that %s has', (scenario) => {
    const text = formatMarkdown({ ...full, config: { ...full.config, scenario } });
    expect(text).toContain(
      {
        pub: '| attempted | accepted |\n',
        sub: '| expected |',
        rr: '| attempted | accepted | expected |',
        conn: '| attempted | connected | failed |',
      }[scenario],
    );
  });
});

describe('the page', () => {
  it('asks for nothing from anywhere, and its policy admits its own script and style alone', () => {
    const page = formatHtml(full);
    expect(page).not.toMatch(/\b(src|href|action|formaction|poster|srcset)\s*=/i);
    expect(page).not.toMatch(/url\(|@import/);
    const hash = (text = ''): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;
    const [, style] = /<style>([\s\S]*?)<\/style>/.exec(page) ?? [];
    const [, script] = /<script>([\s\S]*?)<\/script>/.exec(page) ?? [];
    expect(page).toContain(
      `content="default-src 'none'; script-src '${hash(script)}'; style-src '${hash(style)}'; base-uri 'none'; form-action 'none'"`,
    );
  });

  it('holds what the file says as text alone', () => {
    const page = formatHtml(makeHostileResult());
    const plain = formatHtml(full);
    const tags = (text: string): string[] =>
      [...text.matchAll(/<[a-z!/][^>]*/gi)].map(([tag]) => tag.split(/[\s>]/)[0] ?? '');
    expect(tags(page).filter((tag) => /script|img|svg|iframe|style|meta/i.test(tag))).toEqual(
      tags(plain).filter((tag) => /script|img|svg|iframe|style|meta/i.test(tag)),
    );
    expect(page).toContain('&#60;/script&#62;&#60;script&#62;alert(1)');
    expect(page).not.toContain('\u001b');
    expect(page).not.toContain('\u202e');
  });

  it.each(['pubsub', 'pub', 'sub', 'rr', 'conn'] as const)('has the charts that %s has', (scenario) => {
    const result: BenchResult = {
      ...full,
      config: { ...full.config, scenario },
      connections: { ...full.connections, lost: 0 },
    };
    const ids = makeCharts(result).map(({ id }) => id);
    expect(ids).toEqual(
      {
        pubsub: ['rate', 'latency', 'percentiles', 'outstanding', 'cpu'],
        pub: ['rate', 'latency', 'percentiles', 'outstanding', 'cpu'],
        sub: ['rate', 'latency', 'percentiles', 'cpu'],
        rr: ['rate', 'latency', 'percentiles', 'outstanding', 'cpu'],
        conn: ['latency', 'percentiles', 'connections', 'cpu'],
      }[scenario],
    );
    for (const id of ids) expect(formatHtml(result)).toContain(`<div class="chart" id="${id}" role="img" aria-label="`);
  });

  it('has the connections as words, each with its name', () => {
    const connection = {
      protocol: 'auto',
      cleanStart: true,
      keepAliveSeconds: 57,
      sessionExpirySeconds: null,
      receiveMaximum: null,
      connectTimeoutMs: 10_000,
      proxy: null,
      tls: { verified: false, clientCertificate: true },
      credentials: true,
      will: false,
    } as const;
    const page = formatHtml({ ...full, config: { ...full.config, connection } });
    const [, card = ''] = /<h3>Connection<\/h3><dl>(.*?)<\/dl>/s.exec(page) ?? [];
    expect(card).toContain('<dt>keepAliveSeconds</dt><dd>57</dd>');
    expect(card).toContain('<dt>tls</dt><dd>not verified, with a client certificate</dd>');
    expect(page).not.toContain('&#34;keepAliveSeconds');
  });

  it('has no charts where nothing was measured', () => {
    const nothing = full.latency.tls;
    const latency = Object.fromEntries(LATENCIES.map((name) => [name, nothing])) as BenchResult['latency'];
    const page = formatHtml({ ...full, samples: [], latency });
    expect(page).not.toContain('<figure>');
    expect(page).not.toContain('<h2>Charts</h2>');
    expect(page).toContain('<h2>Ledger</h2>');
  });
});

describe('the charts', () => {
  it('show the second in which the broker stood still', () => {
    const frozen = readStored('frozen');
    const [rate, latency] = makeCharts(frozen);
    const lineOf = (chart: Chart | undefined, label: string): number[] =>
      (chart?.lines.find((line) => line.label === label)?.values ?? []).map((value) => value ?? 0);
    // The schedule goes on, and what was due meanwhile waited for up to that second.
    expect(Math.min(...lineOf(rate, 'sent'))).toBeGreaterThan(4500);
    expect(Math.max(...lineOf(latency, 'max'))).toBeGreaterThan(900);
    expect(lineOf(latency, 'p50').filter((ms) => ms > 100)).toHaveLength(1);
    expect(frozen.samples.reduce((sum, { delivered }) => sum + delivered, 0)).toBe(frozen.ledger.delivered);
  });

  it('show rates by the length of the interval, without the sliver at the end', () => {
    const [rate] = makeCharts(full);
    expect(rate?.xs).toEqual([0, ...full.samples.slice(0, -1).map(({ atMs }) => atMs / 1000)]);
    const sent = full.samples.slice(0, -1).map(({ sent }) => sent);
    expect(rate?.lines[0]).toEqual({ label: 'sent', values: [sent[0], ...sent] });
  });

  it('show a run that was shorter than an interval', () => {
    const [first] = full.samples;
    const samples = first === undefined ? [] : [{ ...first, atMs: 100, sent: 50 }];
    expect(makeCharts({ ...full, samples })[0]).toMatchObject({
      xs: [0, 0.1],
      lines: [{ values: [500, 500] }, {}, {}],
    });
  });

  it('end the curve at the maximum, and never let it fall', () => {
    const curve = makeCharts(full).find(({ id }) => id === 'percentiles');
    expect(curve?.lines.map(({ label }) => label)).toEqual([
      'due time to delivery',
      'publish to delivery',
      'publish to PUBACK',
    ]);
    for (const [index, name] of (['endToEnd', 'endToEndService', 'puback'] as const).entries()) {
      const values = curve?.lines[index]?.values.filter((value) => value !== null) ?? [];
      expect(values).toEqual(values.toSorted((a, b) => a - b));
      const { max, p50, p99 } = full.latency[name];
      expect(values.at(-1)).toBe((max ?? 0) / 1000);
      const at = (x: number): number | null | undefined =>
        curve?.lines[index]?.values[curve.xs.findIndex((one) => Math.abs(one - x) < 1e-6)];
      expect(at(100)).toBe((p99 ?? 0) / 1000);
      expect(at(1)).toBeLessThanOrEqual((p50 ?? 0) / 1000);
    }
  });
});

describe('markup', () => {
  it('escapes whatever is put into it, but markup', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const { text: made } = html`<p title="${text}">${[text, html`<b>${text}</b>`]}</p>`;
        const inner = made.slice('<p title="'.length, -'</p>'.length);
        expect(inner.replace(/">/, '').replace(/<\/?b>/g, '')).not.toMatch(/[<"']/);
      }),
    );
  });

  it('makes JSON that cannot end its script element, and means the same', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const { text } = jsonForScript(value);
        expect(text).not.toMatch(/[<>&]/);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
    expect(jsonForScript('</script><!--').text).toBe('"\\u003c/script\\u003e\\u003c!--"');
  });
});

describe('docs/bench.md', () => {
  const page = readFileSync(new URL('../../../docs/bench.md', import.meta.url), 'utf8');

  it('has every column of the CSV', () => {
    for (const table of CSV_TABLES) {
      const [header = []] = parseCsv(formatCsv(full, table));
      for (const column of header.filter((name) => !name.startsWith('$SYS'))) {
        const isCount = (LEDGER_COUNTS as readonly string[]).includes(column);
        if (table !== 'ledger' || !isCount) expect(page, column).toContain(`\`${column}\``);
      }
    }
  });

  it('has every line of the report', () => {
    const reports = [full, makeConnResult(), makeHostileResult()].map((result) => formatReport(result));
    const labels = reports.flatMap((text) => text.match(/^\w+(?: \w+)?(?= {2})/gm) ?? []);
    expect(new Set(labels).size).toBeGreaterThan(12);
    for (const label of labels) expect(page, label).toContain(`\`${label}\``);
  });
});
