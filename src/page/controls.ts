// Makes visible what has no shape of its own: control characters, and those that turn or hide the text around them. Newline and tab are
// left to who shows the text. Nothing here is ever taken for markup: the result are text nodes.

const hiddenRanges = [
  // C0 without tab and newline, DEL and C1
  ...['\\x00-\\x08', '\\x0b-\\x1f', '\\x7f-\\x9f'],
  // Soft hyphen, joiners and fillers that have no width
  ...[
    '\\xad',
    '\\u034f',
    '\\u115f\\u1160',
    '\\u17b4\\u17b5',
    '\\u180b-\\u180f',
    '\\u200b-\\u200d',
    '\\u3164',
    '\\uffa0',
    '\\ufeff',
  ],
  // Bidi marks, line and paragraph separators, bidi embeddings, overrides and isolates
  ...['\\u061c', '\\u200e\\u200f', '\\u2028-\\u202e', '\\u2060-\\u206f'],
  // Interlinear annotations and invisible tags
  ...['\\ufff0-\\ufffb', '\\u{e0000}-\\u{e0fff}'],
];
const hidden = new RegExp(`[${hiddenRanges.join('')}]`, 'gu');

const names: Readonly<Record<number, string>> = {
  173: 'SHY',
  1564: 'ALM',
  8203: 'ZWSP',
  8204: 'ZWNJ',
  8205: 'ZWJ',
  8206: 'LRM',
  8207: 'RLM',
  8232: 'LS',
  8233: 'PS',
  8234: 'LRE',
  8235: 'RLE',
  8236: 'PDF',
  8237: 'LRO',
  8238: 'RLO',
  8288: 'WJ',
  8294: 'LRI',
  8295: 'RLI',
  8296: 'FSI',
  8297: 'PDI',
  65279: 'BOM',
};

/** What stands for the character: ␛ for ESC, ‹RLO› for a bidi override, ‹9B› for a C1 control. */
export function symbolOf(code: number): string {
  if (code < 0x20) {
    return String.fromCharCode(0x2400 + code);
  }
  if (code === 0x7f) {
    return '\u2421';
  }
  return `‹${names[code] ?? code.toString(16).toUpperCase().padStart(2, '0')}›`;
}

/** Whether a text holds any. */
export function hasHidden(text: string): boolean {
  return text.search(hidden) >= 0;
}

/** Calls back for each stretch of plain text and for each hidden character, in order. */
export function splitHidden(text: string, plain: (part: string) => void, control: (code: number) => void): void {
  let from = 0;
  for (const match of text.matchAll(hidden)) {
    const code = match[0].codePointAt(0) ?? 0;
    if (code === 0x200d && joinsEmoji(text, match.index)) {
      continue;
    }
    if (match.index > from) {
      plain(text.slice(from, match.index));
    }
    control(code);
    from = match.index + match[0].length;
  }
  if (from < text.length) {
    plain(text.slice(from));
  }
}

/** The text with symbols in place of hidden characters: for titles, attributes and the clipboard. */
export function visible(text: string): string {
  let result = '';
  splitHidden(
    text,
    (part) => {
      result += part;
    },
    (code) => {
      result += symbolOf(code);
    },
  );
  return result;
}

/** Between two emoji the zero-width joiner makes one of them, and hides nothing. */
function joinsEmoji(text: string, at: number): boolean {
  return (
    /(\p{Extended_Pictographic}|\p{Emoji_Modifier})\ufe0f?$/u.test(text.slice(Math.max(0, at - 4), at)) &&
    /^\p{Extended_Pictographic}/u.test(text.slice(at + 1, at + 3))
  );
}
