import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { PACKAGE_VERSIONS } from '../../src/cli/packages.ts';

it('the versions of packages are those that are installed', () => {
  const require = createRequire(import.meta.url);
  const installed = (name: string): string => (require(`${name}/package.json`) as { version: string }).version;
  expect(Object.keys(PACKAGE_VERSIONS)).toEqual(['mqtt', 'mqtt-packet', 'hdr-histogram-js']);
  for (const [name, version] of Object.entries(PACKAGE_VERSIONS)) expect(version).toBe(installed(name));
});
