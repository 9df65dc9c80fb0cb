// The facets at the left: levels, containers, sources, tags, and fields that the reader has chosen; each value with the lines that pass the
// query. A click puts a value into the query, or takes it out; with Alt it leaves it out, with Ctrl it adds it to those that are wanted.

import type { Choice, Choices } from '../../live/query/edit.ts';
import { choicesOf } from '../../live/query/edit.ts';
import { visible } from '../controls.ts';
import type { FacetName, FacetValue, FacetList as List } from '../facet.ts';
import type { Prefs } from '../prefs.ts';
import type { Stream } from '../stream.ts';
import { number, text } from '../strings.ts';
import { CloseIcon, HideIcon } from './icons.tsx';
import { Saved } from './saved.tsx';

/** A facet that says nothing is not shown. */
const always: readonly FacetName[] = ['container'];
const order: readonly FacetName[] = ['level', 'container', 'feed', 'source', 'tag'];

export function FacetList({ stream, prefs }: { readonly stream: Stream; readonly prefs: Prefs }) {
  const lists = stream.facets.value;
  return (
    <nav class="facets" aria-label={text.facets}>
      <Saved stream={stream} prefs={prefs} />
      {order.map((name) => (
        <UsualFacet key={name} name={name} list={lists[name]} stream={stream} />
      ))}
      {prefs.facets.values.value.map((name) => (
        <PinnedFacet key={`field ${name}`} name={name} stream={stream} prefs={prefs} />
      ))}
    </nav>
  );
}

interface FacetProps {
  readonly name: string;
  readonly stream: Stream;
}

function UsualFacet({ name, list, stream }: FacetProps & { readonly name: FacetName; readonly list: List }) {
  const { values, hidden } = list;
  if (values.length === 0 && !always.includes(name)) {
    return null;
  }
  const title = text.facet[name];
  return (
    <section class={`facet ${name}s`} aria-label={title}>
      <div class="heading">
        <h2>{title}</h2>
        {hasChoice(name, stream) ? (
          <ShowAll name={name} title={title} stream={stream} />
        ) : (
          <span class="count">{values.length > 0 ? number(values.length + hidden) : ''}</span>
        )}
      </div>
      {values.length === 0 ? <p class="quiet">{text.containersEmpty}</p> : undefined}
      <Values name={name} list={list} stream={stream} />
      {hidden > 0 ? <p class="quiet">{text.valuesMore(hidden)}</p> : undefined}
    </section>
  );
}

/** Of a field that the reader has made a facet. */
function PinnedFacet({ name, stream, prefs }: FacetProps & { readonly prefs: Prefs }) {
  const list = stream.facets.value.pinned.find((one) => one.name === name);
  const title = visible(name);
  return (
    <section class="facet pinned" aria-label={title}>
      <div class="heading">
        <h2>{title}</h2>
        {hasChoice(name, stream) ? <ShowAll name={name} title={title} stream={stream} /> : undefined}
        <button
          type="button"
          class="drop"
          aria-label={text.dropFacet(title)}
          title={text.dropFacet(title)}
          onClick={() => prefs.facets.toggle(name)}
        >
          <CloseIcon />
        </button>
      </div>
      {list === undefined ? undefined : (
        <>
          {list.read < 100 ? <p class="quiet">{text.facetRead(list.read)}</p> : undefined}
          {list.read === 100 && list.values.length === 0 ? <p class="quiet">{text.facetEmpty}</p> : undefined}
          <Values name={name} list={list} stream={stream} />
        </>
      )}
    </section>
  );
}

function hasChoice(name: string, stream: Stream): boolean {
  const { only, except } = choicesOf(stream.filter.value.node, name);
  return only.size + except.size > 0;
}

/** Takes the choices of a facet out of the query. */
function ShowAll({ name, title, stream }: FacetProps & { readonly title: string }) {
  return (
    <button type="button" class="link" aria-label={text.showAllOf(title)} onClick={() => stream.showAll(name)}>
      {text.showAll}
    </button>
  );
}

function Values({ name, list, stream }: FacetProps & { readonly list: List }) {
  const choices = choicesOf(stream.filter.value.node, name);
  return (
    <ul>
      {list.values.map((value) => (
        <Item
          key={value.others ? text.otherValues : `=${value.name}`}
          facet={name}
          value={value}
          most={list.most}
          choices={choices}
          stream={stream}
        />
      ))}
    </ul>
  );
}

interface ItemProps {
  readonly facet: string;
  readonly value: FacetValue;
  readonly most: number;
  readonly choices: Choices;
  readonly stream: Stream;
}

function Item({ facet, value, most, choices, stream }: ItemProps) {
  const { only, except } = choices;
  const name = visible(value.name);
  const isOnly = only.has(value.name);
  const isExcluded = except.has(value.name);
  const off = isExcluded || (only.size > 0 && !isOnly);
  if (value.others) {
    return (
      <li class="rest" title={text.otherValuesTitle}>
        <Counted name={name} mark="" value={value} most={most} />
      </li>
    );
  }
  const mark = facet === 'level' ? `dot is-${value.name}` : facet === 'container' ? `dot color-${value.color}` : '';
  return (
    <li class={off ? 'off' : isOnly ? 'only' : undefined}>
      <button
        type="button"
        class="pick"
        aria-pressed={isOnly}
        title={`${name}\n${text.onlyHint}`}
        onClick={(event) => stream.choose(facet, value.name, choiceOf(event))}
      >
        <Counted name={name} mark={mark} value={value} most={most} />
      </button>
      <button
        type="button"
        class="hide"
        aria-pressed={isExcluded}
        aria-label={text.exclude(name)}
        title={text.exclude(name)}
        onClick={() => stream.choose(facet, value.name, 'except')}
      >
        <HideIcon />
      </button>
    </li>
  );
}

interface CountedProps {
  readonly name: string;
  readonly mark: string;
  readonly value: FacetValue;
  readonly most: number;
}

function Counted({ name, mark, value, most }: CountedProps) {
  const share = most > 0 ? Math.round((100 * value.count) / most) / 100 : 0;
  return (
    <>
      <span class="share" style={{ transform: `scaleX(${share})` }} />
      {mark === '' ? undefined : <span class={mark} />}
      <span class="label">{name}</span>
      <span class="count">{number(value.count)}</span>
    </>
  );
}

export function choiceOf(event: MouseEvent): Choice {
  return event.altKey ? 'except' : event.ctrlKey || event.metaKey || event.shiftKey ? 'also' : 'only';
}
