// A record's fields, nested ones below their name. Every text is a text node, with symbols for what has no shape.
import { visible } from '../controls.ts';
import { text } from '../strings.ts';
import { size } from '../times.ts';
import { type Node, textOf } from '../tree.ts';

/** Characters of a value that are laid out at most. */
const mostShown = 4000;

export function Tree({ node }: { readonly node: Node }) {
  if (node.kind !== 'map' && node.kind !== 'list') {
    return <Scalar node={node} />;
  }
  const fields =
    node.kind === 'map'
      ? node.pairs.map(([key, value], id) => ({ id, name: visible(textOf(key)), value }))
      : node.items.map((value, id) => ({ id, name: String(id), value }));
  if (fields.length === 0 && !node.more) {
    return <span class="value is-word">{node.kind === 'map' ? '{}' : '[]'}</span>;
  }
  return (
    <>
      <dl class="tree">
        {fields.map(({ id, name, value }) => (
          <div key={id} class={value.kind === 'map' || value.kind === 'list' ? 'nested' : undefined}>
            <dt>{name}</dt>
            <dd>
              <Tree node={value} />
            </dd>
          </div>
        ))}
      </dl>
      {node.more ? <p class="quiet">{text.cutFields}</p> : undefined}
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
