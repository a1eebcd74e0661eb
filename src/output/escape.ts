/** Text made safe to show: nothing that it holds can act on a terminal. */

// C0 and C1 controls, DEL, and the marks that reorder text (bidirectional overrides and isolates).
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\u001b': '\\e', '\0': '\\0' };

/** Control characters as backslash escapes; everything else as it is. */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE, escapeCharacter);
}

/** The same, but line ends and tabs stay as they are. */
export function escapeControlsKeepingLayout(text: string): string {
  return text.replace(UNSAFE, (character) =>
    character === '\n' || character === '\t' ? character : escapeCharacter(character),
  );
}

/** The text of a JSON document, in which only strings can hold such characters, and a `\\u` escape means the same. */
export function escapeControlsInJson(json: string): string {
  return json.replace(UNSAFE, (character) => `\\u${hex(character, 4)}`);
}

/** The same for a document that is spread over several lines: the line ends and tabs between its tokens stay. */
export function escapeControlsInSpreadJson(json: string): string {
  return json.replace(UNSAFE, (character) =>
    character === '\n' || character === '\t' ? character : `\\u${hex(character, 4)}`,
  );
}

function escapeCharacter(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  return character.charCodeAt(0) < 0x100 ? `\\x${hex(character, 2)}` : `\\u${hex(character, 4)}`;
}

function hex(character: string, digits: number): string {
  return character.charCodeAt(0).toString(16).padStart(digits, '0');
}

/** Long values are cut in messages. */
const MAX_QUOTED = 120;

/** A value inside a message: bare when it is plain, in quotes when its ends would be unclear. */
export function quote(text: string): string {
  // The cut must not leave half of a surrogate pair.
  const cut = text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED).replace(/[\ud800-\udbff]$/, '')}...` : text;
  return /^[\w./:@%+#$=,~[\]-]+$/.test(cut) ? cut : `"${escapeControls(cut).replaceAll('"', '\\"')}"`;
}
