/** What the commands do with a broker: what they send, when they end, what is left. */
import { expect, it } from 'vitest';
import { runChild } from '../../support/child.ts';
import { describeWith, findCommand } from '../../support/needs.ts';
import { runCli } from '../../support/run-cli.ts';
import { NEWER_PUB_CASES, NEWER_SUB_CASES, PURPOSEFUL_PUB_CASES, PURPOSEFUL_SUB_CASES } from './cases/on-purpose.ts';
import { OWN_FILE_CASES, PUB_FILE_CASES, SUB_FILE_CASES } from './cases/options-files.ts';
import { PROPERTY_CASES, SUBSCRIBE_PROPERTY_CASES } from './cases/properties.ts';
import { PUBLISH_CASES } from './cases/publishing.ts';
import { REMOVAL_CASES } from './cases/removals.ts';
import { REQUEST_CASES } from './cases/requests.ts';
import { SEQUENCE_CASES } from './cases/sequences.ts';
import { SUBSCRIBE_CASES } from './cases/subscribing.ts';
import { WILL_CASES } from './cases/wills.ts';
import { runRemovalCase, runSequenceCase } from './run-others.ts';
import { runPubCase } from './run-pub.ts';
import { runRequestCase } from './run-request.ts';
import { runSubCase } from './run-sub.ts';
import { runWillCase } from './run-will.ts';
import { describeSideBySide } from './tables.ts';

describeSideBySide("The commands do what mosquitto's clients do", (add) => {
  for (const [name, cases] of Object.entries(SUBSCRIBE_CASES)) add(`mosquitto_sub: ${name}`, cases, runSubCase);
  add('mosquitto_sub: properties', SUBSCRIBE_PROPERTY_CASES, runSubCase);
  for (const [name, cases] of Object.entries(PUBLISH_CASES)) add(`mosquitto_pub: ${name}`, cases, runPubCase);
  for (const [name, cases] of Object.entries(PROPERTY_CASES)) add(`mosquitto_pub: ${name}`, cases, runPubCase);
  add('mosquitto_rr', REQUEST_CASES, runRequestCase);
  add('--remove-retained', REMOVAL_CASES, runRemovalCase);
  add('one after the other', SEQUENCE_CASES, runSequenceCase);
  add('Wills', WILL_CASES, runWillCase);
  add('options files: mosquitto_pub', PUB_FILE_CASES, runPubCase);
  add('options files: mosquitto_sub', SUB_FILE_CASES, runSubCase);
  add('options files: ours alone', OWN_FILE_CASES, runPubCase);
  add('since 2.1: mosquitto_pub', NEWER_PUB_CASES, runPubCase);
  add('since 2.1: mosquitto_sub', NEWER_SUB_CASES, runSubCase);
  add('on purpose: mqtt-pub', PURPOSEFUL_PUB_CASES, runPubCase);
  add('on purpose: mqtt-sub', PURPOSEFUL_SUB_CASES, runSubCase);
});

describeWith(['mosquitto_pub', 'mosquitto_sub', 'mosquitto_rr'], 'On purpose', () => {
  it.each(['pub', 'sub', 'rr'])('help and version of mqtt-%s are no error when they were asked for', async (tool) => {
    for (const word of ['--help', '--version']) {
      const theirs = await runChild(findCommand(`mosquitto_${tool}`) ?? '', [word]);
      expect(theirs).toMatchObject({ exitCode: 1, stderr: '' });
      expect(theirs.stdout.length).toBeGreaterThan(0);
      const ours = await runCli(`mqtt-${tool}`, [word]);
      expect(ours).toMatchObject({ exitCode: 0, stderr: '' });
      expect(ours.stdout.length).toBeGreaterThan(0);
    }
  });
});
