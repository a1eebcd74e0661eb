/** `npm run audit`, with a registry in the hands of the test: what it says, and the exit code. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ROOT } from '../../scripts/bundle.mjs';
import { runChild } from '../support/child.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const BULK = '/-/npm/v1/security/advisories/bulk';

interface Registry {
  readonly url: string;
  /** Names that it was asked about. */
  readonly asked: string[];
}

/** Knows these advisories, by package; undefined: it offers none, as many mirrors do. */
async function startRegistry(advisories: object | undefined): Promise<Registry> {
  const asked: string[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    response.setHeader('content-type', 'application/json');
    if (request.url !== BULK || advisories === undefined) {
      const name = String(request.url).slice(1);
      if (request.method === 'GET') response.end(JSON.stringify({ name, versions: { '3.0.0': {}, '3.0.1': {} } }));
      else response.writeHead(405).end('{}');
      return;
    }
    const body = Buffer.concat(chunks);
    const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    asked.push(...Object.keys(JSON.parse(text.toString()) as object));
    response.end(JSON.stringify(advisories));
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked };
}

async function audit(url: string) {
  const folder = makeTempFolder();
  onTestFinished(() => folder.remove());
  const { exitCode, stdout } = await runChild(process.execPath, [join(ROOT, 'scripts', 'audit.mjs')], {
    cwd: ROOT,
    env: {
      HOME: folder.path,
      npm_config_registry: url,
      npm_config_fetch_retries: '0',
    },
  });
  return { exitCode, lines: stdout.toString().trimEnd().split('\n') };
}

const ADVISORY = {
  id: 1,
  url: 'https://advisories.example/1',
  title: 'too long a frame ends the process',
  severity: 'high',
  vulnerable_versions: '<9999',
};

describe('npm run audit', () => {
  it('is content where nothing is known, and asks about what is installed for use', async () => {
    const registry = await startRegistry({});
    const { exitCode, lines } = await audit(registry.url);
    expect(lines).toEqual([expect.stringMatching(/^0 known vulnerabilities in [1-9]\d+ packages$/)]);
    expect(exitCode).toBe(0);
    expect(registry.asked).toEqual(expect.arrayContaining(['mqtt', 'mqtt-packet', 'yargs', 'ws']));
    expect(registry.asked).not.toContain('vitest');
  });

  it('names what is known, and fails', async () => {
    const { exitCode, lines } = await audit((await startRegistry({ 'hdr-histogram-js': [ADVISORY] })).url);
    expect(lines).toEqual([
      expect.stringMatching(
        /^high: hdr-histogram-js \S+: too long a frame ends the process, https:\/\/advisories\.example\/1$/,
      ),
      expect.stringMatching(/^1 known vulnerability in [1-9]\d+ packages$/),
    ]);
    expect(exitCode).toBe(1);
  });

  it('says that it was skipped where the registry has no advisories', async () => {
    const { exitCode, lines } = await audit((await startRegistry(undefined)).url);
    expect(lines).toEqual([expect.stringMatching(/^skipped: the registry offers no advisories \(405 .*\)$/)]);
    expect(exitCode).toBe(0);
  });
});
