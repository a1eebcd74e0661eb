/** HTML that is safe by the way it is made: whatever is put into it is escaped, unless it is markup itself. */
import { escapeControls } from '../../output/escape.ts';

/** A piece of HTML. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Content = Markup | string | number | undefined | readonly Content[];

/** Template tag. An attribute's value must stand in double quotes. */
export function html(pieces: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  return new Markup(
    pieces.map((piece, index) => (index === 0 ? piece : `${render(contents[index - 1])}${piece}`)).join(''),
  );
}

function render(content: Content): string {
  if (content === undefined) return '';
  if (content instanceof Markup) return content.text;
  if (typeof content === 'object') return content.map(render).join('');
  return escapeControls(String(content)).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** For a script element that holds data: nothing in it can end the element. */
export function jsonForScript(value: unknown): Markup {
  return new Markup(JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, toEscape));
}

function toEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
