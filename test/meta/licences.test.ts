import { describe, expect, it } from 'vitest';
import { bundleForNode, ROOT } from '../../scripts/bundle.mjs';
import { bundledPackages, formatLicences } from '../../scripts/licences.mjs';

const { metafile } = await bundleForNode('src/main.ts');

describe('THIRD-PARTY-LICENSES.md', () => {
  // Making it throws for a package without a licence text, or with a licence that asks for more than that.
  const text = formatLicences(ROOT, metafile);

  it('has a section with a text for every package of which code is shipped', () => {
    const packages = bundledPackages(metafile);
    expect(packages.length).toBeGreaterThan(10);
    for (const folder of packages) {
      const name = folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
      const section = text.split('\n## ').find((candidate) => candidate.startsWith(`${name} `));
      expect(section, name).toMatch(/Licence: \S+/);
      expect(section?.length, name).toBeGreaterThan(400);
    }
  });

  it('names the packages that every command stands on', () => {
    for (const name of ['mqtt', 'mqtt-packet', 'yargs-parser', 'aedes', 'ws']) {
      expect(text).toMatch(new RegExp(`^## ${name} \\d`, 'm'));
    }
  });
});
