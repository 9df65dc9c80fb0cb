// Puts text that others wrote into elements: colours, hits of the filter, symbols for hidden characters. Text nodes and class names only.
import { hasHidden, splitHidden, symbolOf } from './controls.ts';
import { type Filter, hits } from './filter.ts';
import { readColors } from './sgr.ts';

/** Replaces the content of `element` by a line with its colours and the filter's hits. */
export function paintLine(element: HTMLElement, text: string, filter: Filter): void {
  const { plain, runs } = readColors(text);
  const found = hits(filter, plain);
  if (runs.length === 0 && found.length === 0 && !hasHidden(plain) && !plain.includes('\n')) {
    setText(element, plain);
    return;
  }
  element.textContent = '';
  const stretches = runs.length === 0 ? [{ start: 0, end: plain.length, style: '' }] : runs;
  let hit = 0;
  for (const { start, end, style } of stretches) {
    const parent = style === '' ? element : child(element, 'span', style);
    let at = start;
    while (at < end) {
      while (hit < found.length && (found[hit + 1] as number) <= at) {
        hit += 2;
      }
      const begin = found[hit] ?? Number.POSITIVE_INFINITY;
      const inside = begin <= at;
      const stop = Math.min(end, inside ? (found[hit + 1] as number) : begin);
      paintVisible(inside ? child(parent, 'mark', '') : parent, plain.slice(at, stop));
      at = stop;
    }
  }
}

/** Appends a text with a symbol for each hidden character; line ends become elements that a row of one line shows as a symbol too. */
function paintVisible(parent: HTMLElement, text: string): void {
  splitHidden(
    text,
    (part) => {
      let from = 0;
      for (let end = part.indexOf('\n'); end >= 0; end = part.indexOf('\n', from)) {
        parent.append(part.slice(from, end));
        child(parent, 'span', 'break').textContent = '\n';
        from = end + 1;
      }
      parent.append(part.slice(from));
    },
    (code) => {
      const mark = child(parent, 'span', 'control');
      mark.textContent = symbolOf(code);
      mark.title = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
    },
  );
}

/** Replaces the content by plain text; keeps the text node that is there. */
export function setText(element: HTMLElement, text: string): void {
  const only = element.firstChild;
  if (only instanceof Text && only.nextSibling === null) {
    if (only.data !== text) {
      only.data = text;
    }
  } else {
    element.textContent = text;
  }
}

export function child(parent: Element, name: 'span' | 'div' | 'mark', style: string): HTMLElement {
  const element = document.createElement(name);
  if (style !== '') {
    element.className = style;
  }
  parent.append(element);
  return element;
}
