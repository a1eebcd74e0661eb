// The licences of everything that the bundle contains.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Licences that ask for no more than that their text travels along. */
const PERMISSIVE = [
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  '(MIT AND Zlib)',
  'Unlicense',
];

const LICENCE_FILE = /^(licen[cs]e|copying)(\.(md|txt))?$/i;

/** Folders of the packages, below `root`, of which at least one byte is in the bundle; sorted. */
export function bundledPackages(metafile) {
  const folders = new Set();
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const folder = /^.*node_modules\/(@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0];
      if (folder !== undefined && bytesInOutput > 0) folders.add(folder);
    }
  }
  return [...folders].sort();
}

/** Reads name, version, licence and its text. Throws for a licence that we may not ship, or one without a text. */
function readPackage(root, folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  if (!PERMISSIVE.includes(license)) throw new Error(`${name} ${version}: licence ${license} is not on the list`);
  const file = readdirSync(join(root, folder)).find((entry) => LICENCE_FILE.test(entry));
  const text =
    file === undefined ? licenceInReadme(join(root, folder)) : readFileSync(join(root, folder, file), 'utf8');
  if (text === undefined) throw new Error(`${name} ${version}: no licence text`);
  return { name, version, license, text: text.replaceAll('\r\n', '\n').trim() };
}

/** Some packages state their licence at the end of their README alone. */
function licenceInReadme(folder) {
  const readme = ['README.md', 'readme.md'].map((name) => join(folder, name)).find(existsSync);
  return readme && /^#+ licen[cs]e\s*\n+([\s\S]+)$/im.exec(readFileSync(readme, 'utf8'))?.[1];
}

/** THIRD-PARTY-LICENSES.md for a bundle. */
export function formatLicences(root, metafile) {
  const packages = bundledPackages(metafile).map((folder) => readPackage(root, folder));
  const sections = packages.map(({ name, version, license, text }) => {
    const fence = text.includes('```') ? '~~~~' : '```';
    return `## ${name} ${version}\n\nLicence: ${license}\n\n${fence}text\n${text}\n${fence}\n`;
  });
  const unique = [...new Set(sections)];
  return `# Third-party licences\n\nThe files of this folder contain code of the packages below.\n\n${unique.join('\n')}`;
}
