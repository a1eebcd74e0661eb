// `npm run audit`: known vulnerabilities of what the commands are built from. Skipped, and says so, where the registry
// has no advisories: not every mirror has.
import { spawnSync } from 'node:child_process';

const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
  encoding: 'utf8',
  shell: process.platform === 'win32',
});

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

const { metadata, error, message, vulnerabilities = {} } = read(stdout);
if (metadata === undefined) {
  console.log(
    `skipped: the registry offers no advisories (${error?.summary || message || error?.code || 'no answer'})`,
  );
} else {
  for (const { name, severity, range } of Object.values(vulnerabilities)) console.log(`${severity}: ${name} ${range}`);
  const { total } = metadata.vulnerabilities;
  console.log(
    `${total} known ${total === 1 ? 'vulnerability' : 'vulnerabilities'} in ${metadata.dependencies.prod} packages`,
  );
  process.exitCode = total === 0 ? 0 : 1;
}
