// Takes colours (SGR, `ESC [ … m`) out of a line and says where they apply. Colours become names that the style sheet gives a themed,
// readable value: a line can hide nothing by writing black on black. Every other escape stays in the text, for controls.ts to show.
import { escapeSign, sgr } from '../live/query/strip-colors.ts';

/** Text from `start` to `end` of the plain text, in one style. */
export interface Run {
  readonly start: number;
  readonly end: number;
  /** Class names, '' for none. */
  readonly style: string;
}

export interface Colored {
  /** The text without its SGR sequences. */
  readonly plain: string;
  readonly runs: readonly Run[];
}

export function readColors(text: string): Colored {
  if (!text.includes(escapeSign)) {
    return { plain: text, runs: [] };
  }
  const pen = new Pen();
  const runs: Run[] = [];
  let plain = '';
  let from = 0;
  const take = (to: number) => {
    if (to > from) {
      const start = plain.length;
      plain += text.slice(from, to);
      runs.push({ start, end: plain.length, style: pen.style });
    }
  };
  for (const match of text.matchAll(sgr)) {
    take(match.index);
    from = match.index + match[0].length;
    pen.apply(match[1] ?? '');
  }
  take(text.length);
  return { plain, runs };
}

const black = 0;
const none = -1;

class Pen {
  style = '';
  #fore = none;
  #back = none;
  #bold = false;
  #dim = false;
  #italic = false;
  #underline = false;
  #strike = false;
  #inverse = false;

  apply(parameters: string): void {
    // `38:2::r:g:b` and `38;2;r;g;b` mean the same; the former may hold an empty colour space.
    const codes = parameters.replace(/(^|;)([34]8):2:\d*:(\d+:\d+:\d+)/g, '$1$2:2:$3').split(/[;:]/);
    for (let n = 0; n < codes.length; n++) {
      const code = Number(codes[n]);
      if (code === 38 || code === 48) {
        const indexed = codes[n + 1] === '5';
        const color = indexed ? paletteColor(Number(codes[n + 2])) : nearest(codes.slice(n + 2, n + 5).map(Number));
        n += indexed ? 2 : 4;
        if (code === 38) {
          this.#fore = color;
        } else {
          this.#back = color;
        }
      } else {
        this.#one(code);
      }
    }
    this.style = this.#names();
  }

  #one(code: number): void {
    if (code === 0) {
      this.#fore = none;
      this.#back = none;
      this.#bold = this.#dim = this.#italic = this.#underline = this.#strike = this.#inverse = false;
    } else if (code === 1) this.#bold = true;
    else if (code === 2) this.#dim = true;
    else if (code === 3) this.#italic = true;
    else if (code === 4 || code === 21) this.#underline = true;
    else if (code === 7) this.#inverse = true;
    else if (code === 9) this.#strike = true;
    else if (code === 22) this.#bold = this.#dim = false;
    else if (code === 23) this.#italic = false;
    else if (code === 24) this.#underline = false;
    else if (code === 27) this.#inverse = false;
    else if (code === 29) this.#strike = false;
    else if (code >= 30 && code <= 37) this.#fore = code - 30;
    else if (code === 39) this.#fore = none;
    else if (code >= 40 && code <= 47) this.#back = code - 40;
    else if (code === 49) this.#back = none;
    else if (code >= 90 && code <= 97) this.#fore = code - 90 + 8;
    else if (code >= 100 && code <= 107) this.#back = code - 100 + 8;
  }

  /** Where there is a background the letters keep the page's own colour: a pair that somebody else chose may not be readable. */
  #names(): string {
    const back = this.#inverse && this.#back === none ? (this.#fore === none ? 7 : this.#fore) : this.#back;
    const parts = [
      back !== none ? `back-${back % 8}` : this.#fore !== none ? `fore-${this.#fore}` : '',
      this.#bold ? 'bold' : '',
      this.#dim && back === none && this.#fore === none ? 'dim' : '',
      this.#italic ? 'italic' : '',
      this.#underline && this.#strike ? 'lined-twice' : this.#underline ? 'underlined' : this.#strike ? 'struck' : '',
    ];
    return parts.filter((part) => part !== '').join(' ');
  }
}

/** Of the 256 colours: 16 names, a cube of 6 × 6 × 6, 24 greys. */
function paletteColor(index: number): number {
  if (!(index >= 0 && index < 256)) {
    return none;
  }
  if (index < 16) {
    return index;
  }
  if (index >= 232) {
    return index >= 244 ? 7 : 8;
  }
  const cube = index - 16;
  return nearest([Math.floor(cube / 36) * 51, (Math.floor(cube / 6) % 6) * 51, (cube % 6) * 51]);
}

/** The name nearest in hue to red, green and blue: 0 (black) to 7 (white), or that + 8 where it is light. */
function nearest(rgb: readonly number[]): number {
  const [red = Number.NaN, green = Number.NaN, blue = Number.NaN] = rgb;
  if (![red, green, blue].every((part) => part >= 0 && part <= 255)) {
    return none;
  }
  const most = Math.max(red, green, blue);
  const least = Math.min(red, green, blue);
  if (most - least < 40) {
    return most > 170 ? 7 : most > 60 ? 8 : black;
  }
  const half = (most + least) / 2;
  const color = (red > half ? 1 : 0) + (green > half ? 2 : 0) + (blue > half ? 4 : 0);
  return color + (least > 100 ? 8 : 0);
}
