/** The rules of Topic Names and Topic Filters. [MQTT5 4.7] */

/** Why a topic cannot be used. */
export interface TopicFault {
  readonly reason: string;
  readonly hint?: string;
}

/** A UTF-8 Encoded String carries at most this many bytes. [MQTT5 1.5.4] */
const MAX_TOPIC_BYTES = 65_535;

/** mosquitto refuses more; a topic above this is a mistake on every broker. */
const MAX_SEPARATORS = 200;

// [MQTT5 1.5.4]: no U+0000 and no surrogates; control characters and non-characters SHOULD NOT be used, and
// mosquitto closes the connection on them, so they are refused here where the reason can be given.
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
const NON_CHARACTER = /[\ufdd0-\ufdef\ufffe\uffff]/;

function findStringFault(text: string): TopicFault | undefined {
  if (text === '') return { reason: 'must not be empty' };
  if (!text.isWellFormed()) return { reason: 'must be valid UTF-8' };
  const control = CONTROL.exec(text)?.[0];
  if (control !== undefined) return { reason: `must not hold the control character ${codePoint(control)}` };
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (NON_CHARACTER.test(character) || (code & 0xfffe) === 0xfffe) {
      return { reason: `must not hold the non-character ${codePoint(character)}` };
    }
  }
  if (Buffer.byteLength(text) > MAX_TOPIC_BYTES) return { reason: `must be at most ${MAX_TOPIC_BYTES} bytes long` };
  if (text.split('/').length - 1 > MAX_SEPARATORS) return { reason: `must have at most ${MAX_SEPARATORS} "/"` };
  return undefined;
}

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/** No Topic Name has one. [MQTT-3.3.2-2] */
export function hasWildcard(topic: string): boolean {
  return topic.includes('#') || topic.includes('+');
}

/** Why `text` is no Topic Name; undefined when it is one. [MQTT-4.7.0-1] [MQTT-4.7.3-1] */
export function findTopicNameFault(text: string): TopicFault | undefined {
  const fault = findStringFault(text);
  if (fault !== undefined) return fault;
  if (hasWildcard(text)) {
    return {
      reason: 'must not hold the wildcards + and #',
      hint: 'Messages are published to one topic; wildcards are for mqtt-sub.',
    };
  }
  return undefined;
}

/** Why `text` is no Topic Filter; undefined when it is one. [MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.8.2-1] [MQTT-4.8.2-2] */
export function findFilterFault(text: string): TopicFault | undefined {
  const fault = findStringFault(text);
  if (fault !== undefined) return fault;
  const levels = text.split('/');
  for (const [index, level] of levels.entries()) {
    if (level.includes('#') && (level !== '#' || index < levels.length - 1)) {
      return { reason: '"#" must stand alone in the last level', hint: 'For everything below a: a/#' };
    }
    if (level.includes('+') && level !== '+') {
      return { reason: '"+" must stand alone in its level', hint: 'For one level of any name: a/+/c' };
    }
  }
  if (levels[0] === '$share') return findShareFault(levels);
  return undefined;
}

/** A Shared Subscription is `$share/ShareName/filter`. [MQTT5 4.8.2] */
function findShareFault(levels: readonly string[]): TopicFault | undefined {
  const [, shareName, first] = levels;
  const hint = 'A Shared Subscription is $share/NAME/FILTER.';
  if (shareName === undefined || shareName === '' || /[+#]/.test(shareName)) {
    return { reason: 'must have a ShareName without wildcards after "$share/"', hint };
  }
  if (first === undefined || (first === '' && levels.length === 3)) {
    return { reason: 'must have a Topic Filter after the ShareName', hint };
  }
  return undefined;
}

/** Whether a Topic Filter matches a Topic Name. [MQTT5 4.7.1] [MQTT-4.7.2-1] */
export function topicMatches(filter: string, topic: string): boolean {
  const filterLevels = filter.split('/');
  const topicLevels = topic.split('/');
  // A wildcard in the first level does not match topics of the broker's own, such as $SYS.
  if (topic.startsWith('$') && /^[+#]/.test(filter)) return false;
  for (const [index, level] of filterLevels.entries()) {
    if (level === '#') return true;
    if (index >= topicLevels.length) return false;
    if (level !== '+' && level !== topicLevels[index]) return false;
  }
  return filterLevels.length === topicLevels.length;
}
