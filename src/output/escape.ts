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

function escapeCharacter(character: string): string {
  const code = character.charCodeAt(0);
  const short = SHORT[character];
  if (short !== undefined) return short;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** Long values are cut in messages. */
const MAX_QUOTED = 120;

/** A value inside a message: bare when it is plain, in quotes when its ends would be unclear. */
export function quote(text: string): string {
  const cut = text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}...` : text;
  return /^[\w./:@%+#$=,~[\]-]+$/.test(cut) ? cut : `"${escapeControls(cut).replaceAll('"', '\\"')}"`;
}
