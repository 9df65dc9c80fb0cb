// Reads the imports of src/ and holds them against the order of the rooms: data enters at inputs/ and leaves at outputs/, and each room
// knows only the rooms listed above it.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { describe, expect, test } from 'vitest';

const rooms = ['core', 'files', 'msgpack', 'config', 'plugin', 'chunks', 'flush', 'forward', 'routing', 'http', 'live'];
const plugins = ['inputs', 'filters', 'parsers', 'formatters', 'buffers', 'outputs'];
const order = [...rooms, ...plugins, 'engine', 'cli'];

/** What the browser page may know, beside itself. */
const pageMay = /^(live\/(protocol|frame-order|query)(\/|\.ts$)|msgpack\/|page\/)/;

interface Import {
  readonly from: string;
  /** Of a file of ours its path below src/, else the package as it is written. */
  readonly to: string;
  readonly ours: boolean;
}

/** All that a file imports: static, dynamic, types too, and re-exports. */
function importsOf(from: string, source: string): Import[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const specifiers = code.matchAll(
    /(?:\b(?:import|export)\b[^'"`;]*?\bfrom\s*|\bimport\s*\(\s*|\bimport\s+|\bnew\s+URL\s*\(\s*)(['"`])([^'"`]+)\1/g,
  );
  return [...specifiers].map(([, , to = '']) =>
    to.startsWith('.')
      ? {
          from,
          to: normalize(join(dirname(from), to))
            .split(sep)
            .join('/'),
          ours: true,
        }
      : { from, to, ours: false },
  );
}

/** Why an import may not be, or undefined. */
function fault({ from, to, ours }: Import): string | undefined {
  if (!ours) {
    return undefined;
  }
  if (/^\.\.\/(dist|test)\//.test(to)) {
    return 'src imports neither what is built nor tests';
  }
  if (to.startsWith('../')) {
    return /^\.\.\/(package\.json$|config\/)/.test(to) ? undefined : 'src imports nothing outside src';
  }
  if (!from.includes('/')) {
    // The package's own entry points.
    return undefined;
  }
  if (room(from) === 'page' || room(to) === 'page') {
    return room(from) === 'page' && pageMay.test(to)
      ? undefined
      : 'the page knows live/protocol, live/frame-order, live/query and msgpack/ only';
  }
  if (plugins.includes(room(from)) && plugins.includes(room(to))) {
    return 'a plug-in knows no other plug-in; what two of them need moves up a room';
  }
  return order.indexOf(room(to)) <= order.indexOf(room(from)) ? undefined : `${room(to)}/ stands below ${room(from)}/`;
}

function room(path: string): string {
  return path.split('/')[0] ?? '';
}

const files = globSync('**/*.{ts,tsx}', { cwd: 'src' }).map((path) => path.split(sep).join('/'));
const sources = new Map(files.map((path) => [path, readFileSync(join('src', path), 'utf8')]));

describe('the house', () => {
  test('there is something to look at', () => {
    expect(files.length).toBeGreaterThan(20);
    expect([...sources].flatMap(([path, source]) => importsOf(path, source)).length).toBeGreaterThan(40);
  });

  test('every file lies in a room, and every room is known', () => {
    const known = [...order, 'page'];
    const stray = files.filter((path) => path.includes('/') && !known.includes(room(path)));
    expect(stray).toEqual([]);
  });

  test('no import runs back up', () => {
    const faults = [...sources]
      .flatMap(([path, source]) => importsOf(path, source))
      .flatMap((one) => fault(one)?.replace(/^/, `${one.from} imports ${one.to}: `) ?? []);
    expect(faults).toEqual([]);
  });

  test('a file opens with what it does, and one over 400 lines says why', () => {
    const faults: string[] = [];
    for (const [path, source] of sources) {
      const header = /^(?:#!.*\n)?((?:\/\/.*\n)+|\/\*[\s\S]*?\*\/)/.exec(source)?.[1] ?? '';
      if (header === '') {
        faults.push(`${path} opens without a comment`);
      }
      if (source.split('\n').length > 401 && !/\b(lines|long|one (file|piece|function))\b/i.test(header)) {
        faults.push(`${path} has over 400 lines, and its header does not say why`);
      }
    }
    expect(faults).toEqual([]);
  });

  test('default exports are for plug-ins', () => {
    const faults = [...sources]
      .filter(([path, source]) => /^export default\b/m.test(source) !== plugins.includes(room(path)))
      .map(([path]) => path);
    expect(faults).toEqual([]);
  });
});

describe('the rules themselves', () => {
  test.each([
    ['core/a.ts', "import { b } from '../routing/b.ts';", 'stands below'],
    ['routing/a.ts', "import type { B } from '../engine/b.ts';", 'stands below'],
    ['engine/a.ts', "const b = await import('../cli/b.ts');", 'stands below'],
    ['routing/a.ts', "export { b } from '../inputs/b.ts';", 'stands below'],
    ['routing/a.ts', "import {\n  b,\n} from '../live/b.ts';", 'stands below'],
    ['inputs/a.ts', "import { b } from './b.ts';", 'no other plug-in'],
    ['inputs/a.ts', "import b from '../outputs/b.ts';", 'no other plug-in'],
    ['outputs/a.ts', "import { b } from '../cli/b.ts';", 'stands below'],
    ['cli/a.ts', "import { b } from '../../dist/b.js';", 'neither'],
    ['cli/a.ts', "import '../../test/b.ts';", 'neither'],
    ['cli/a.ts', "import { b } from '../../other/b.ts';", 'outside src'],
    ['page/a.ts', "import { b } from '../live/hub.ts';", 'the page'],
    ['cli/a.ts', "import { b } from '../page/b.ts';", 'the page'],
  ])('%s with %j is a fault', (from, source, reason) => {
    expect(importsOf(from, source).map(fault)).toEqual([expect.stringContaining(reason)]);
  });

  test.each([
    ['routing/a.ts', "import { b } from './b.ts';"],
    ['routing/a.ts', "import { b } from '../core/b.ts';"],
    ['inputs/a.ts', "import { b } from '../forward/b.ts';"],
    ['cli/a.ts', "import { b } from '../engine/b.ts';"],
    ['cli/a.ts', "import { b } from 'node:fs';"],
    ['cli/a.ts', "import { decode } from '@msgpack/msgpack';"],
    ['cli/a.ts', "import own from '../../package.json' with { type: 'json' };"],
    ['page/a.ts', "import { b } from '../live/protocol.ts';"],
    ['page/a.ts', "import { b } from '../msgpack/view.ts';"],
  ])('%s with %j is fine', (from, source) => {
    expect(importsOf(from, source)).toHaveLength(1);
    expect(importsOf(from, source).map(fault)).toEqual([undefined]);
  });
});
