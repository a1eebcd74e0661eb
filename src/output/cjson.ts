/** JSON text printed as cJSON prints it, which is what mosquitto's `%j` and `%J` give. */

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|[{}[\],:]/gs;

/**
 * Prints valid JSON again, compact or with `--pretty`. Key order and repeated keys stay; numbers and escapes are
 * normalised.
 */
export function reprintJson(json: string, pretty: boolean): string {
  let out = '';
  let depth = 0;
  const open: string[] = [];
  const indent = (levels: number): string => '\t'.repeat(levels);
  for (const [token] of json.matchAll(TOKEN)) {
    switch (token) {
      case '{':
      case '[':
        open.push(token);
        depth += 1;
        out += token === '{' && pretty ? `{\n${indent(depth)}` : token;
        break;
      case '}':
        open.pop();
        depth -= 1;
        // An empty object keeps its line end but not the indent of a member.
        if (pretty) out = out.endsWith(`{\n${indent(depth + 1)}`) ? out.slice(0, -(depth + 1)) : `${out}\n`;
        out += pretty ? `${indent(depth)}}` : '}';
        break;
      case ']':
        open.pop();
        depth -= 1;
        out += ']';
        break;
      case ',':
        if (!pretty) out += ',';
        else out += open.at(-1) === '{' ? `,\n${indent(depth)}` : ', ';
        break;
      case ':':
        out += pretty ? ':\t' : ':';
        break;
      default:
        out += printScalar(token);
    }
  }
  return out;
}

function printScalar(token: string): string {
  if (token.startsWith('"')) return quoteJson(JSON.parse(token) as string);
  return /^[-\d]/.test(token) ? printNumber(Number(token)) : token;
}

/** A string as cJSON escapes it: everything that JSON lets stand stands. */
export function quoteJson(text: string): string {
  return JSON.stringify(text);
}

/** `%d` for what fits an int, else the fewer of 15 and 17 significant digits that say the same number. */
export function printNumber(value: number): string {
  if (!Number.isFinite(value)) return 'null';
  if (Number.isInteger(value) && Math.abs(value) <= 2_147_483_647) return String(value === 0 ? 0 : value);
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
