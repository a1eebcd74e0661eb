/** What mosquitto_sub and mqtt-sub make of messages, byte for byte. */
import { BYTE_CASES, FORMAT_CASES, LITERAL_CASES, NUMBER_CASES, SEPARATOR_CASES } from './cases/formats.ts';
import { JSON_CASES } from './cases/json.ts';
import { DELIVERY_CASES, PAYLOAD_CASES } from './cases/payloads.ts';
import { SCRIPTED_CASES } from './cases/scripted.ts';
import { TIME_CASES } from './cases/times.ts';
import { runScriptedCase } from './run-others.ts';
import { runSubCase } from './run-sub.ts';
import { describeSideBySide } from './tables.ts';

describeSideBySide('Messages are printed as mosquitto prints them', (add) => {
  add('letters, flags, widths, precisions', FORMAT_CASES, runSubCase);
  add('widths in bytes', BYTE_CASES, runSubCase);
  add('groups of %x', SEPARATOR_CASES, runSubCase);
  add('floating-point payloads', NUMBER_CASES, runSubCase);
  add('literals', LITERAL_CASES, runSubCase);
  add('times', TIME_CASES, runSubCase, { retry: 2 });
  add('JSON', JSON_CASES, runSubCase);
  add('payloads', PAYLOAD_CASES, runSubCase);
  add('deliveries', DELIVERY_CASES, runSubCase);
  add('packets that no broker sends', SCRIPTED_CASES, runScriptedCase);
});
