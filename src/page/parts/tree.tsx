// A record's fields, nested ones below their name. Every text is a text node, with symbols for what has no shape. A field's name puts its
// value into the query; the buttons behind it leave its lines out, make it a column, or a facet.
import type { ComponentChildren } from 'preact';
import { printField } from '../../live/query/ast.ts';
import { isOwnField } from '../../live/query/fields.ts';
import { levelOfValue } from '../../live/query/levels.ts';
import { jsonOf, type Node, textOf } from '../../msgpack/tree.ts';
import { visible } from '../controls.ts';
import type { Prefs } from '../prefs.ts';
import type { Stream } from '../stream.ts';
import { text } from '../strings.ts';
import { size } from '../times.ts';
import { CopyField } from './copy-button.tsx';
import { choiceOf } from './facet-list.tsx';
import { FacetIcon, HideIcon, PinIcon } from './icons.tsx';

/** Characters of a value that are laid out at most. */
const mostShown = 4000;
/** Longer names and values are no terms of a query that somebody would read. */
const longestTerm = 200;

interface Props {
  readonly node: Node;
  readonly stream: Stream;
  readonly prefs: Prefs;
  /** The way here from the record. */
  readonly path?: string;
}

export function Tree({ node, stream, prefs, path }: Props) {
  if (node.kind !== 'map' && node.kind !== 'list') {
    return <Scalar node={node} />;
  }
  const fields =
    node.kind === 'map'
      ? node.pairs.map(([key, value], id) => ({ id, name: textOf(key), value }))
      : node.items.map((value, id) => ({ id, name: String(id), value }));
  if (fields.length === 0 && !node.more) {
    return <span class="value is-word">{node.kind === 'map' ? '{}' : '[]'}</span>;
  }
  return (
    <>
      <dl class="tree">
        {fields.map(({ id, name, value }) => {
          const way = path === undefined ? name : `${path}.${name}`;
          const nested = value.kind === 'map' || value.kind === 'list';
          return (
            <div key={id} class={nested ? 'nested' : undefined}>
              <dt>
                {nested ? (
                  visible(name)
                ) : (
                  <Name name={name} way={way} value={textOf(value)} stream={stream} prefs={prefs} />
                )}
                <CopyField name={visible(way)} value={() => (nested ? jsonOf(value) : visible(textOf(value)))} />
              </dt>
              <dd>
                <Tree node={value} stream={stream} prefs={prefs} path={way} />
              </dd>
            </div>
          );
        })}
      </dl>
      {node.more ? <p class="quiet">{text.cutFields}</p> : undefined}
    </>
  );
}

interface NameProps {
  readonly name: string;
  readonly way: string;
  readonly value: string;
  readonly stream: Stream;
  readonly prefs: Prefs;
}

function Name({ name, way, value, stream, prefs }: NameProps) {
  if (
    isAnother(way, value) ||
    way === '' ||
    way.length > longestTerm ||
    value.length > longestTerm ||
    /[\r\n]/.test(way + value)
  ) {
    return <>{visible(name)}</>;
  }
  return (
    <>
      <TermButtons name={way} label={name} value={value} stream={stream} />
      <Toggle list={prefs.pins} way={way} kind="pin" on={text.pin} off={text.unpin}>
        <PinIcon />
      </Toggle>
      {isOwnField(way) ? undefined : (
        <Toggle list={prefs.facets} way={way} kind="count-values" on={text.makeFacet} off={text.dropFacet}>
          <FacetIcon />
        </Toggle>
      )}
    </>
  );
}

interface ToggleProps {
  readonly list: Prefs['pins'];
  readonly way: string;
  readonly kind: string;
  on(name: string): string;
  off(name: string): string;
  readonly children: ComponentChildren;
}

/** Takes a field into a list that the browser keeps, or out of it. */
function Toggle({ list, way, kind, on, off, children }: ToggleProps) {
  const isIn = list.values.value.includes(way);
  const title = isIn ? off(visible(way)) : on(visible(way));
  return (
    <button
      type="button"
      class={`hide ${kind}`}
      aria-pressed={isIn}
      aria-label={title}
      title={title}
      onClick={() => list.toggle(way)}
    >
      {children}
    </button>
  );
}

/** A record's own `tag` or `from` is not what the query means by these names. */
function isAnother(name: string, value: string): boolean {
  return name === 'level' ? levelOfValue(value) === undefined : isOwnField(name) && name !== 'source';
}

/** A button that puts `name=value` into the query, and one that leaves its lines out. */
export function TermButtons({
  name,
  label,
  value,
  stream,
}: Omit<NameProps, 'way' | 'prefs'> & { readonly label: string }) {
  const term = visible(printField({ name, operator: '=', value, form: 'plain', flags: '' }));
  return (
    <>
      <button
        type="button"
        class="term"
        title={text.onlyWith(term)}
        onClick={(event) => stream.choose(name, value, choiceOf(event))}
      >
        {visible(label)}
      </button>
      <button
        type="button"
        class="hide"
        aria-label={text.without(term)}
        title={text.without(term)}
        onClick={() => stream.choose(name, value, 'except')}
      >
        <HideIcon />
      </button>
    </>
  );
}

function Scalar({ node }: { readonly node: Node }) {
  const value = textOf(node);
  const cut = value.length - mostShown;
  return (
    <span class={`value is-${node.kind}`}>
      {visible(cut > 0 ? value.slice(0, mostShown) : value)}
      {cut > 0 ? <span class="quiet"> {text.moreText(size(cut))}</span> : undefined}
    </span>
  );
}
