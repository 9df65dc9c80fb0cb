// What a reader has chosen for this browser: colours, wrapping, density. Where the browser keeps nothing, it lasts as long as the page.
import { effect, signal } from '@preact/signals';

export const themes = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const prefix = 'forebay.';

function read(name: string): string | null {
  try {
    return localStorage.getItem(prefix + name);
  } catch {
    return null;
  }
}

function write(name: string, value: string): void {
  try {
    localStorage.setItem(prefix + name, value);
  } catch {
    // Private windows may refuse.
  }
}

/** Fields that are columns or facets, and saved queries; more are not kept. */
const mostPins = 6;
const mostFacets = 6;
const mostSaved = 50;

function list(name: string): string[] {
  try {
    const value: unknown = JSON.parse(read(name) ?? '[]');
    return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
  } catch {
    return [];
  }
}

/** A list that a browser keeps, of which each text is in it once. */
function createList(name: string, most: number) {
  const values = signal<readonly string[]>(list(name).slice(0, most));
  return {
    values,
    toggle: (value: string) => {
      const rest = values.value.filter((one) => one !== value);
      values.value = rest.length < values.value.length ? rest : [...rest, value].slice(-most);
      write(name, JSON.stringify(values.value));
    },
  };
}

export function createPrefs() {
  const theme = signal<Theme>(themes.find((one) => one === read('theme')) ?? 'auto');
  // On a narrow screen a line that is cut says too little.
  const wrap = signal(read('wrap') === null ? matchMedia('(max-width: 719px)').matches : read('wrap') === 'true');
  const dense = signal(read('dense') === 'true');
  effect(() => {
    document.documentElement.classList.toggle('dense', dense.value);
    write('dense', String(dense.value));
  });
  effect(() => {
    document.documentElement.dataset['theme'] = theme.value;
    write('theme', theme.value);
  });
  return {
    theme,
    wrap,
    dense,
    pins: createList('pins', mostPins),
    facets: createList('facets', mostFacets),
    saved: createList('saved', mostSaved),
    nextTheme: () => {
      theme.value = themes[(themes.indexOf(theme.value) + 1) % themes.length] ?? 'auto';
    },
    toggleDense: () => {
      dense.value = !dense.value;
    },
    toggleWrap: () => {
      wrap.value = !wrap.value;
      write('wrap', String(wrap.value));
    },
  };
}

export type Prefs = ReturnType<typeof createPrefs>;
