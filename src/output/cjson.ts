/** JSON text printed as cJSON prints it, which is what mosquitto's `%j` and `%J` give. */

import { endOfString } from './json-scan.ts';

const TOKEN = /-?\d[\d.eE+-]*|true|false|null|["{}[\],:]/g;

/**
 * Prints valid JSON again, compact or with `--pretty`. Key order and repeated keys stay; numbers and escapes are
 * normalised. Throws SyntaxError for half a surrogate pair, which no UTF-8 can hold.
 */
export function reprintJson(json: string, pretty: boolean): string {
  const tokens = new RegExp(TOKEN);
  const open: string[] = [];
  let out = '';
  let before = '';
  const indent = (): string => (pretty ? '\t'.repeat(open.length) : '');
  for (let match = tokens.exec(json); match !== null; match = tokens.exec(json)) {
    const [token] = match;
    // An empty object has its line end but no indent of a member.
    if (before === '{' && token !== '}') out += indent();
    switch (token) {
      case '{':
        open.push(token);
        out += pretty ? '{\n' : '{';
        break;
      case '[':
        open.push(token);
        out += '[';
        break;
      case '}':
        open.pop();
        if (pretty && before !== '{') out += '\n';
        out += `${indent()}}`;
        break;
      case ']':
        open.pop();
        out += ']';
        break;
      case ',':
        if (!pretty) out += ',';
        else out += open.at(-1) === '{' ? `,\n${indent()}` : ', ';
        break;
      case ':':
        out += pretty ? ':\t' : ':';
        break;
      case '"':
        tokens.lastIndex = endOfString(json, match.index);
        out += quoteWellFormed(JSON.parse(json.slice(match.index, tokens.lastIndex)) as string);
        break;
      default:
        out += /^[-\d]/.test(token) ? printNumber(Number(token)) : token;
    }
    before = token;
  }
  return out;
}

function quoteWellFormed(text: string): string {
  if (!text.isWellFormed()) throw new SyntaxError('half a surrogate pair');
  return quoteJson(text);
}

/** A string as cJSON escapes it: everything that JSON lets stand stands. */
export function quoteJson(text: string): string {
  return JSON.stringify(text);
}

/** `%d` for what fits an int, else the fewer of 15 and 17 significant digits that say the same number. */
export function printNumber(value: number): string {
  if (!Number.isFinite(value)) return 'null';
  if (Number.isInteger(value) && Math.abs(value) <= 2_147_483_647) {
    return Object.is(value, -0) ? '-0' : String(value);
  }
  const short = printGeneral(value, 15);
  return Number(short) === value ? short : printGeneral(value, 17);
}

/** `%.{digits}g` of C. */
function printGeneral(value: number, digits: number): string {
  const [mantissa = '', exponentText = '0'] = value.toExponential(digits - 1).split('e');
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= digits) {
    const sign = exponent < 0 ? '-' : '+';
    return `${trimZeros(mantissa)}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  return trimZeros(value.toFixed(Math.max(0, digits - 1 - exponent)));
}

function trimZeros(decimal: string): string {
  return decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal;
}
