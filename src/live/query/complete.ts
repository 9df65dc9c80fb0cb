// What stands before the caret while a query is typed: the beginning of a field's name, or of its value; and what a completion makes of it.
import { fieldName, type Operator, printField, printName } from './ast.ts';

export interface Completion {
  /** The stretch of the text that is replaced. */
  readonly from: number;
  readonly to: number;
  /** The field whose value is being typed; undefined where it is a name. */
  readonly field: string | undefined;
  readonly operator: Operator | undefined;
  readonly prefix: string;
}

const token = /(?:[^\s"()]+?(?:>=|<=|[:=<>]))?(?:"(?:\\["\\]|[^"])*"?|[^\s)]*)/uy;
const typed = /^([\p{L}_@$][\p{L}\p{N}_@$./-]*?)(>=|<=|:|=|>|<)(.*)$/su;

/** Undefined where nothing can be completed. */
export function completionAt(text: string, caret: number): Completion | undefined {
  let at = 0;
  while (at < caret) {
    if (/[\s(]/.test(text[at] as string)) {
      at++;
      continue;
    }
    token.lastIndex = at;
    const end = at + Math.max(1, token.exec(text)?.[0].length ?? 0);
    if (end >= caret) {
      const from = text[at] === '-' ? at + 1 : at;
      return caret > from ? read(text.slice(from, caret), from, end) : undefined;
    }
    at = end;
  }
  return undefined;
}

function read(part: string, from: number, to: number): Completion | undefined {
  const match = typed.exec(part);
  if (match !== null) {
    const [, field = '', operator, value = ''] = match;
    return { from, to, field, operator: operator as Operator, prefix: value.replace(/^"/, '') };
  }
  return fieldName.test(part) ? { from, to, field: undefined, operator: undefined, prefix: part } : undefined;
}

/** The text with the completion in it, and where the caret stands then. */
export function complete(
  text: string,
  { from, to, field, operator }: Completion,
  chosen: string,
): { readonly text: string; readonly caret: number } {
  const value =
    field === undefined || operator === undefined
      ? `${printName(chosen)}:`
      : printField({ name: field, operator, value: chosen, form: 'plain', flags: '' });
  const behind = text.slice(to);
  const gap = field !== undefined && !/^[\s)]/.test(behind) ? ' ' : '';
  return { text: text.slice(0, from) + value + gap + behind, caret: from + value.length + gap.length };
}
