// `npm run audit`: known vulnerabilities of what the commands are built from. Skipped, and says so, where the registry
// has no advisories: not every mirror has.
import { spawnSync } from 'node:child_process';

const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json', '--no-update-notifier'], {
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

/** An advisory, or the name of the package that brings one in. */
function describe(cause) {
  return typeof cause === 'string' ? `by ${cause}` : `${cause.title}, ${cause.url}`;
}

const { metadata, error, message, vulnerabilities = {} } = read(stdout);
if (metadata === undefined) {
  console.log(
    `skipped: the registry offers no advisories (${error?.summary || message || error?.code || 'no answer'})`,
  );
} else {
  for (const { name, severity, range, via } of Object.values(vulnerabilities)) {
    console.log(`${severity}: ${name} ${range}: ${via.map(describe).join('; ')}`);
  }
  const { total } = metadata.vulnerabilities;
  console.log(
    `${total} known ${total === 1 ? 'vulnerability' : 'vulnerabilities'} in ${metadata.dependencies.prod} packages`,
  );
  process.exitCode = total === 0 ? 0 : 1;
}
