// Reads a tag pattern of `*`, `**`, `{a,b}` and `\` into a tree, with the turns that Fluentd's reading takes. glob.ts runs the tree.

export type Node =
  /** One character. `source` is how Fluentd writes it in the regular expression that it makes of a pattern. */
  | { readonly kind: 'char'; readonly text: string; readonly source: string }
  /** `*`: any run without a dot. */
  | { readonly kind: 'part' }
  /** `**`: any run without a newline. */
  | { readonly kind: 'any' }
  /** `**.`: any run that a dot ends, or nothing at the tag's beginning. */
  | { readonly kind: 'parts' }
  /** The dot before `**`: here the tag ends, or a dot follows. */
  | { readonly kind: 'part-end' }
  | { readonly kind: 'either'; readonly branches: readonly (readonly Node[])[]; readonly closed: boolean };

export interface GlobSyntax {
  readonly nodes: readonly Node[];
  readonly unclosed: boolean;
}

/** Braces in each other, at most. */
const maxDepth = 100;

/** Characters that the branches of an unclosed brace may come to: unclosed braces in each other double them at every level. */
const maxLiteral = 10_000;

const dotNode: Node = { kind: 'char', text: '.', source: '\\.' };

/** Reads one pattern (without whitespace); undefined when its braces stand too deep in each other. */
export function parseGlob(pattern: string): GlobSyntax | undefined {
  const characters = [...pattern];
  // The branches of every open brace, and the run of nodes that is being written at each level, the outermost first.
  const open: Node[][][] = [];
  const runs: Node[][] = [[]];
  let escaped = false;
  // A dot is held back: before `**` it does not stand for itself, and at the pattern's end it is lost.
  let dot = false;
  const put = (node: Node) => runs.at(-1)?.push(node);

  for (let i = 0; i < characters.length; i++) {
    const c = characters[i] ?? '';
    if (escaped) {
      put({ kind: 'char', text: c, source: rubyEscape(c) });
      escaped = false;
      continue;
    }
    if (c === '*' && characters[i + 1] === '*') {
      if (dot) {
        put({ kind: 'part-end' });
        dot = false;
      }
      const dotBehind = characters[i + 2] === '.';
      put({ kind: dotBehind ? 'parts' : 'any' });
      i += dotBehind ? 2 : 1;
      continue;
    }
    if (dot) {
      put(dotNode);
      dot = false;
    }
    if (c === '\\') {
      escaped = true;
    } else if (c === '.') {
      dot = true;
    } else if (c === '*') {
      put({ kind: 'part' });
    } else if (c === '{') {
      if (open.length === maxDepth) {
        return undefined;
      }
      open.push([]);
      runs.push([]);
    } else if (c === '}' && open.length > 0) {
      put(close(open, runs, true));
    } else if (c === ',' && open.length > 0) {
      open.at(-1)?.push(runs.pop() ?? []);
      runs.push([]);
    } else {
      put({ kind: 'char', text: c, source: /^[a-zA-Z0-9_]$/.test(c) ? c : `\\${c}` });
    }
  }
  const unclosed = open.length > 0;
  while (open.length > 0) {
    const node = close(open, runs, false);
    if (node.branches.reduce((sum, branch) => sum + branch.length, 0) > maxLiteral) {
      return undefined;
    }
    put(node);
  }
  return { nodes: runs[0] ?? [], unclosed };
}

function close(open: Node[][][], runs: Node[][], closed: boolean): Node & { kind: 'either' } {
  const branches = open.pop() ?? [];
  branches.push(runs.pop() ?? []);
  // Of a brace that is never closed Fluentd takes the branches' regular expressions as literal text.
  return { kind: 'either', branches: closed ? branches : branches.map((run) => literal(sourceOf(run))), closed };
}

function literal(text: string): Node[] {
  return [...text].map((c) => ({ kind: 'char', text: c, source: rubyEscape(c) }));
}

/** The regular expression that Fluentd makes of these nodes. Only an unclosed brace shows it. */
function sourceOf(nodes: readonly Node[]): string {
  return nodes.map(sourceOfNode).join('');
}

function sourceOfNode(node: Node): string {
  switch (node.kind) {
    case 'char':
      return node.source;
    case 'part':
      return '[^\\.]*';
    case 'any':
      return '.*';
    case 'parts':
      return '(?:.*\\.|\\A)';
    case 'part-end':
      return '(?![^\\.])';
    case 'either': {
      const sources = node.branches.map(sourceOf);
      const [only] = node.branches;
      const [inner] = only ?? [];
      if (node.branches.length === 1 && only?.length === 1 && inner?.kind === 'either') {
        // Ruby's Regexp#to_s puts no second group around one.
        return sourceOf(only);
      }
      return node.closed && sources.length > 1
        ? `(?-mix:${sources.map((source) => `(?-mix:${source})`).join('|')})`
        : `(?-mix:${sources.join('|')})`;
    }
  }
}

/** Ruby's `Regexp.escape` for one character (whitespace never gets here). */
function rubyEscape(c: string): string {
  return /^[[\]{}()|\-*.\\?+^$#]$/.test(c) ? `\\${c}` : c;
}
