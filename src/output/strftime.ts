/**
 * strftime of the C locale, in local time: Node has none. `Date` serves to convert the time that is given, never to ask
 * for the present one.
 */

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** A moment, with the fraction that `Date` lacks. */
export interface Moment {
  readonly date: Date;
  /** 0 to 999,999,999. */
  readonly nanoseconds: number;
}

/** Splits milliseconds since the Unix epoch, fractions included. */
export function momentOf(epochMs: number): Moment {
  const seconds = Math.floor(epochMs / 1000);
  return { date: new Date(seconds * 1000), nanoseconds: Math.floor((epochMs - seconds * 1000) * 1e6) };
}

/** One conversion, by its letter; a letter that C does not know is printed as it was written. */
export function formatTime(letter: string, { date, nanoseconds }: Moment): string {
  const hour = date.getHours();
  const all = (letters: string): string =>
    letters.replace(/[A-Za-z]/g, (one) => formatTime(one, { date, nanoseconds }));
  switch (letter) {
    case 'a':
      return (DAYS[date.getDay()] ?? '').slice(0, 3);
    case 'A':
      return DAYS[date.getDay()] ?? '';
    case 'b':
    case 'h':
      return (MONTHS[date.getMonth()] ?? '').slice(0, 3);
    case 'B':
      return MONTHS[date.getMonth()] ?? '';
    case 'c':
      return all('a b e H:M:S Y');
    case 'C':
      return two(Math.floor(date.getFullYear() / 100));
    case 'd':
      return two(date.getDate());
    case 'D':
    case 'x':
      return all('m/d/y');
    case 'e':
      return String(date.getDate()).padStart(2, ' ');
    case 'F':
      return all('Y-m-d');
    case 'g':
      return two(isoWeek(date).year % 100);
    case 'G':
      return String(isoWeek(date).year);
    case 'H':
      return two(hour);
    case 'I':
      return two(hour % 12 || 12);
    case 'j':
      return String(dayOfYear(date)).padStart(3, '0');
    case 'k':
      return String(hour).padStart(2, ' ');
    case 'l':
      return String(hour % 12 || 12).padStart(2, ' ');
    case 'm':
      return two(date.getMonth() + 1);
    case 'M':
      return two(date.getMinutes());
    case 'n':
      return '\n';
    case 'p':
      return hour < 12 ? 'AM' : 'PM';
    case 'P':
      return hour < 12 ? 'am' : 'pm';
    case 'r':
      return all('I:M:S p');
    case 'R':
      return all('H:M');
    case 's':
      return String(Math.floor(date.getTime() / 1000));
    case 'S':
      return two(date.getSeconds());
    case 't':
      return '\t';
    case 'T':
    case 'X':
      return all('H:M:S');
    case 'u':
      return String(date.getDay() || 7);
    case 'U':
      return two(Math.floor((dayOfYear(date) + 6 - date.getDay()) / 7));
    case 'V':
      return two(isoWeek(date).week);
    case 'w':
      return String(date.getDay());
    case 'W':
      return two(Math.floor((dayOfYear(date) + 6 - ((date.getDay() + 6) % 7)) / 7));
    case 'y':
      return two(date.getFullYear() % 100);
    case 'Y':
      return String(date.getFullYear());
    case 'z':
      return formatOffset(date);
    case 'Z':
      return zoneName(date);
    case '%':
      return '%';
    default:
      return `%${letter}`;
  }
}

/** Such as `2016-08-10T09:47:38+0100`. */
export function formatIsoLocal(moment: Moment, fraction = ''): string {
  return `${formatTime('F', moment)}T${formatTime('T', moment)}${fraction}${formatOffset(moment.date)}`;
}

/** Minutes east of Greenwich as `+hhmm`. */
function formatOffset(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${two(size % 60)}`;
}

/**
 * Which languages of Intl know an abbreviation such as CET depends on the zone. Where none does, the offset stands, as
 * the tz database has it for the zones that have no abbreviation: +03, -0330.
 */
function zoneName(date: Date): string {
  for (const language of ['en-US', 'en-GB', 'en-AU', 'en-IN', 'en-ZA', 'en-NZ']) {
    const parts = new Intl.DateTimeFormat(language, { timeZoneName: 'short' }).formatToParts(date);
    const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
    if (!/^(GMT|UTC)[+-]/.test(name)) return name;
  }
  return formatOffset(date).replace(/00$/, '');
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** 1 to 366. */
function dayOfYear(date: Date): number {
  const start = Date.UTC(date.getFullYear(), 0, 1);
  return Math.round((Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) - start) / 86_400_000) + 1;
}

/** Week and year of ISO 8601: the week of a day is that of its Thursday. */
function isoWeek(date: Date): { week: number; year: number } {
  const day = date.getDay() || 7;
  const thursday = new Date(date.getFullYear(), date.getMonth(), date.getDate() + 4 - day);
  return { week: Math.floor((dayOfYear(thursday) - 1) / 7) + 1, year: thursday.getFullYear() };
}
