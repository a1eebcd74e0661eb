/** Finding one's way in the text of a JSON document that is known to be valid, whatever its size. */

/** Where the string that starts at `start` with its quote ends: one after its last quote. */
export function endOfString(json: string, start: number): number {
  // No expression that matches the whole string: on one of many megabytes the engine's stack would not suffice.
  for (let quote = json.indexOf('"', start + 1); quote >= 0; quote = json.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (json[quote - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
  }
  return json.length;
}

/** How many objects and arrays stand inside each other at the deepest place. */
export function nestingOf(json: string): number {
  const interesting = /["{}[\]]/g;
  let depth = 0;
  let deepest = 0;
  for (let found = interesting.exec(json); found !== null; found = interesting.exec(json)) {
    const [character] = found;
    if (character === '"') interesting.lastIndex = endOfString(json, found.index);
    else depth += character === '{' || character === '[' ? 1 : -1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

/** The same document without white space between its tokens: digits, key order and repeated keys stay. */
export function withoutWhiteSpace(json: string): string {
  let out = '';
  for (let at = 0; at < json.length; ) {
    const quote = json.indexOf('"', at);
    const outside = quote < 0 ? json.length : quote;
    out += json.slice(at, outside).replace(/[ \t\r\n]+/g, '');
    at = quote < 0 ? json.length : endOfString(json, quote);
    out += json.slice(outside, at);
  }
  return out;
}
