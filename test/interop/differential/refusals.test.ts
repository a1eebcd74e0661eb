/** What mosquitto's clients refuse, ours refuse too: with exit code 2, a line that says why, and nothing connected. */
import { REFUSAL_CASES } from './cases/refusals.ts';
import { runRefusalCase } from './run-refusal.ts';
import { describeSideBySide } from './tables.ts';

describeSideBySide("Refused as by mosquitto's clients", (add) => {
  for (const [name, cases] of Object.entries(REFUSAL_CASES)) add(name, cases, runRefusalCase);
});
