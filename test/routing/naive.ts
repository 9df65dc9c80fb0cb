// The matching of tags once more, written from Fluentd's documentation without any of src/routing, as slow and plain as it may be.

type Token = { readonly take: string } | { readonly any: 'part' | 'all' | 'all-dot' } | { readonly here: 'part-end' };

/** Whether one of the patterns (parted by single blanks, braces closed) fits the tag. */
export function naiveMatches(pattern: string, tag: string): boolean {
  return pattern.split(' ').some((word) => word === '**' || expand(word).some((tokens) => fits(tokens, tag, 0)));
}

/** All lists of tokens that the braces of a word stand for. */
function expand(word: string): Token[][] {
  let at = 0;

  function alternatives(): Token[][] {
    const all: Token[][] = [];
    for (;;) {
      all.push(...sequence());
      const c = word[at++];
      if (c !== ',') {
        return all;
      }
    }
  }

  function sequence(top = false): Token[][] {
    let lists: Token[][] = [[]];
    const append = (more: Token[][]) => {
      lists = lists.flatMap((list) => more.map((tail) => [...list, ...tail]));
    };
    while (at < word.length) {
      const rest = word.slice(at);
      if (rest.startsWith('**.')) {
        append([[{ any: 'all-dot' }]]);
        at += 3;
      } else if (rest.startsWith('**')) {
        append([[{ any: 'all' }]]);
        at += 2;
      } else if (rest.startsWith('*')) {
        append([[{ any: 'part' }]]);
        at += 1;
      } else if (rest.startsWith('.')) {
        at += 1;
        if (rest.startsWith('.**')) {
          append([[{ here: 'part-end' }]]);
        } else if (at < word.length) {
          append([[{ take: '.' }]]);
        }
      } else if (rest.startsWith('\\')) {
        append([[{ take: word[at + 1] ?? '' }]]);
        at += 2;
      } else if (rest.startsWith('{')) {
        at += 1;
        append(alternatives());
      } else if (!top && (rest.startsWith(',') || rest.startsWith('}'))) {
        break;
      } else {
        append([[{ take: word[at] ?? '' }]]);
        at += 1;
      }
    }
    return lists;
  }

  return sequence(true);
}

function fits(tokens: readonly Token[], tag: string, at: number): boolean {
  const [token, ...rest] = tokens;
  if (token === undefined) {
    return at === tag.length || (at === tag.length - 1 && tag[at] === '\n');
  }
  if ('take' in token) {
    return tag.startsWith(token.take, at) && fits(rest, tag, at + token.take.length);
  }
  if ('here' in token) {
    return (at === tag.length || tag[at] === '.') && fits(rest, tag, at);
  }
  if (token.any === 'all-dot' && at === 0 && fits(rest, tag, 0)) {
    return true;
  }
  const stop = token.any === 'part' ? '.' : '\n';
  for (let end = at; end <= tag.length; end++) {
    if (token.any === 'all-dot' ? tag[end] === '.' && fits(rest, tag, end + 1) : fits(rest, tag, end)) {
      return true;
    }
    if (tag[end] === stop) {
      return false;
    }
  }
  return false;
}
