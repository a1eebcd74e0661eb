import type { Context } from '../cli/context.ts';
import type { SessionHandlers, SessionInfo } from '../mqtt/session.ts';
import { escapeControls } from '../output/escape.ts';
import { debugOption, quietOption } from '../options/connection.ts';
import type { OptionValues } from '../options/option-values.ts';

/** The trace of `-d`: packets on stderr. */
export function makeTrace(name: string, values: OptionValues, context: Context): Pick<SessionHandlers, 'onTrace'> {
  if (values.get(debugOption) === 0 || values.get(quietOption)) return {};
  return { onTrace: (line) => context.stderr.write(`${name}: ${escapeControls(line)}\n`) };
}

/** Such as `MQTT 3.1.1`. */
export function describeVersion({ version }: Pick<SessionInfo, 'version'>): string {
  return { 3: 'MQTT 3.1', 4: 'MQTT 3.1.1', 5: 'MQTT 5' }[version];
}
