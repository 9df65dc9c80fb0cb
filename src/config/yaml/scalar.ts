// What a scalar without quotes means in YAML as Fluentd reads it (YAML 1.1, by Ruby's Psych): a number, true or false, nothing, or a text.

export interface PlainValue {
  /** The value in a JSON text. */
  readonly json: string | number | boolean | null;
  /** The value as a parameter; null is Ruby's nil. */
  readonly text: string | null;
  /** What a reader hardly expects: a sentence without its full stop. */
  readonly doubt?: string;
}

/** The value of a scalar that stands there without quotes and without a tag. */
export function plainValue(source: string): PlainValue {
  if (source === '' || source === '~' || /^null$/i.test(source)) {
    return { json: null, text: null };
  }
  if (/^(?:yes|true|on)$/i.test(source)) {
    return { json: true, text: 'true' };
  }
  if (/^(?:no|false|off)$/i.test(source)) {
    return { json: false, text: 'false' };
  }
  if (/^:./.test(source)) {
    const symbol = source.replace(/^:(["']?)(.*)\1$/, '$2');
    return { json: symbol, text: symbol };
  }
  return /^[-+.\d]/.test(source) ? numberOrText(source) : { json: source, text: source };
}

const decimal = /^[-+]?(?:0|[1-9](?:\d|[,_]\d)*)$/;
const float = /^[-+]?(?:\d[\d_,]*)?\.\d*(?:e[-+]\d+)?$/i;
const sexagesimal = /^[-+]?\d[\d_]*(?::[0-5]?\d){1,2}$/;

function numberOrText(source: string): PlainValue {
  if (decimal.test(source)) {
    return number(source, Number(source.replace(/[,_]/g, '')));
  }
  const based = /^([-+]?)0(?:(x)([\da-f_]+)|(b)([01_]+)|(o?)([0-7_]+))$/i.exec(source);
  if (based !== null) {
    const digits = (based[3] ?? based[5] ?? based[7] ?? '').replaceAll('_', '');
    const base = based[2] !== undefined ? 16 : based[4] !== undefined ? 2 : 8;
    const value = Number.parseInt(digits, base);
    return Number.isNaN(value) ? { json: source, text: source } : number(source, based[1] === '-' ? -value : value);
  }
  if (sexagesimal.test(source)) {
    const parts = source.replace(/[-+_]/g, '').split(':');
    const value = parts.reduce((sum, part) => sum * 60 + Number(part), 0);
    return number(source, source.startsWith('-') ? -value : value);
  }
  if (float.test(source) && /\d/.test(source)) {
    return number(source, Number(source.replace(/[,_]/g, '')), true);
  }
  const special = /^([-+]?)\.(inf|nan)$/i.exec(source);
  if (special !== null && !(special[1] !== '' && special[2]?.toLowerCase() === 'nan')) {
    const text = special[2]?.toLowerCase() === 'nan' ? 'NaN' : `${special[1] === '-' ? '-' : ''}Infinity`;
    return { json: text, text };
  }
  // Dates and times stay as they are written.
  return { json: source, text: source };
}

function number(source: string, value: number, fraction = false): PlainValue {
  if (/^-?(?:0|[1-9]\d*)(?:\.\d+)?$/.test(source)) {
    return { json: Number.isSafeInteger(value) || fraction ? value : source, text: source };
  }
  const text = fraction && Number.isInteger(value) && Math.abs(value) < 1e16 ? value.toFixed(1) : String(value);
  // A sign in front or blanks between digits say the same number; what looks like a time or a list does not.
  return /[,:]|^[-+]?0\d/.test(source)
    ? { json: value, text, doubt: `YAML reads ${source} as the number ${text}` }
    : { json: value, text };
}
