// Tag patterns of `*`, `**` and `{a,b}`, read as Fluentd reads them and run in time linear in the tag's length: a set of places in the
// pattern walks over the tag, so nothing is ever tried again. Patterns of several words and regular expressions are tag-pattern.ts's.
import { type Node, parseGlob } from './glob-syntax.ts';

export interface Glob {
  /** Whether a brace is never closed. */
  readonly unclosed: boolean;
  matches(tag: string): boolean;
}

/** Compiles one pattern; undefined when its braces stand too deep in each other. */
export function compileGlob(pattern: string): Glob | undefined {
  const syntax = parseGlob(pattern);
  if (syntax === undefined) {
    return undefined;
  }
  const simple = simplify(syntax.nodes);
  const program = assemble(syntax.nodes);
  return {
    unclosed: syntax.unclosed,
    // A newline has rules of its own, and tags hardly ever hold one: the plain forms leave it to the program.
    matches: (tag) => (simple === undefined || tag.includes('\n') ? run(program, tag) : simple(tag)),
  };
}

/** A pattern that is a plain tag, or a plain tag and `.**`, needs no program. */
function simplify(nodes: readonly Node[]): ((tag: string) => boolean) | undefined {
  let text = '';
  let index = 0;
  for (let node = nodes[0]; node?.kind === 'char'; node = nodes[++index]) {
    text += node.text;
  }
  if (index === nodes.length) {
    return (tag) => tag === text;
  }
  if (nodes.length === index + 2 && nodes[index]?.kind === 'part-end' && nodes[index + 1]?.kind === 'any') {
    return (tag) => tag.startsWith(text) && (tag.length === text.length || tag[text.length] === '.');
  }
  return undefined;
}

const NEWLINE = 0x0a;
const DOT = 0x2e;

/** What an instruction does: `unit`, `not-dot` and `not-newline` take one UTF-16 unit, the others none. */
const op = { unit: 0, notDot: 1, notNewline: 2, split: 3, jump: 4, partEnd: 5, start: 6, accept: 7 } as const;

/** Instructions in threes: operation, and its operands (a unit, or the places where it goes on). */
type Program = number[];

function assemble(nodes: readonly Node[]): Program {
  const program: Program = [];
  emitAll(program, nodes);
  emit(program, op.accept);
  return program;
}

function emit(program: Program, operation: number, a = 0, b = 0): number {
  return program.push(operation, a, b) - 3;
}

function emitAll(program: Program, nodes: readonly Node[]): void {
  for (const node of nodes) {
    switch (node.kind) {
      case 'char':
        for (let i = 0; i < node.text.length; i++) {
          emit(program, op.unit, node.text.charCodeAt(i));
        }
        break;
      case 'part':
        emitLoop(program, op.notDot);
        break;
      case 'any':
        emitLoop(program, op.notNewline);
        break;
      case 'part-end':
        emit(program, op.partEnd);
        break;
      case 'parts': {
        // Any parts with the dot behind them, or the beginning of the tag.
        const split = emit(program, op.split);
        program[split + 1] = program.length;
        emitLoop(program, op.notNewline);
        emit(program, op.unit, DOT);
        const jump = emit(program, op.jump);
        program[split + 2] = program.length;
        emit(program, op.start);
        program[jump + 1] = program.length;
        break;
      }
      case 'either':
        emitEither(program, node.branches);
        break;
    }
  }
}

function emitLoop(program: Program, operation: number): void {
  const split = emit(program, op.split);
  program[split + 1] = program.length;
  emit(program, operation);
  emit(program, op.jump, split);
  program[split + 2] = program.length;
}

function emitEither(program: Program, branches: readonly (readonly Node[])[]): void {
  const jumps: number[] = [];
  for (const [index, branch] of branches.entries()) {
    const last = index === branches.length - 1;
    const split = last ? -1 : emit(program, op.split, program.length + 3);
    emitAll(program, branch);
    if (!last) {
      jumps.push(emit(program, op.jump));
      program[split + 2] = program.length;
    }
  }
  for (const jump of jumps) {
    program[jump + 1] = program.length;
  }
}

/** Walks the tag once. As Ruby's `\Z`, the end is the end of the tag or the place before a newline that ends it. */
function run(program: Program, tag: string): boolean {
  const seen = new Int32Array(program.length / 3).fill(-1);
  let places: number[] = [];
  let next: number[] = [];
  const pending: number[] = [0];
  for (let at = 0; ; at++) {
    const unit = at < tag.length ? tag.charCodeAt(at) : -1;
    while (pending.length > 0) {
      const place = pending.pop() ?? 0;
      if (seen[place / 3] === at) {
        continue;
      }
      seen[place / 3] = at;
      const a = program[place + 1] ?? 0;
      switch (program[place]) {
        case op.split:
          pending.push(program[place + 2] ?? 0, a);
          break;
        case op.jump:
          pending.push(a);
          break;
        case op.partEnd:
          if (unit === -1 || unit === DOT) {
            pending.push(place + 3);
          }
          break;
        case op.start:
          if (at === 0) {
            pending.push(place + 3);
          }
          break;
        case op.accept:
          if (unit === -1 || (unit === NEWLINE && at === tag.length - 1)) {
            return true;
          }
          break;
        default:
          places.push(place);
      }
    }
    if (unit === -1 || places.length === 0) {
      return false;
    }
    for (const place of places) {
      const operation = program[place];
      const takes =
        operation === op.unit ? program[place + 1] === unit : unit !== (operation === op.notDot ? DOT : NEWLINE);
      if (takes) {
        next.push(place + 3);
      }
    }
    pending.push(...next);
    places = [];
    next = [];
  }
}
