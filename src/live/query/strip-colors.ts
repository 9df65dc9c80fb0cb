// Colours in a text: SGR, `ESC [ … m`. What they look like is the page's business.

export const escapeSign = '\u001b';
export const sgr = new RegExp(`${escapeSign}\\[([\\d;:]{0,64})m`, 'g');

/** The same text without SGR sequences. */
export function stripColors(text: string): string {
  return text.includes(escapeSign) ? text.replace(sgr, '') : text;
}
