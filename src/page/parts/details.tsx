// All of one event: its line, its fields as a tree, where and when it came from.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { visible } from '../controls.ts';
import { type Dossier, readDossier } from '../dossier.ts';
import { noFilter } from '../filter.ts';
import { paintLine } from '../paint.ts';
import type { Prefs } from '../prefs.ts';
import type { Stream } from '../stream.ts';
import { number, text } from '../strings.ts';
import { localMillis, localTime, size, utcTime } from '../times.ts';
import { Context } from './context.tsx';
import { CopyButton, CopyField } from './copy-button.tsx';
import { CloseIcon } from './icons.tsx';
import { TermButtons, Tree } from './tree.tsx';

/** Characters of a line that are laid out at most, and at first; lines at first. */
const mostShown = 100_000;
const mostClosed = 1500;
const linesClosed = 16;

export function Details({ stream, prefs }: { readonly stream: Stream; readonly prefs: Prefs }) {
  const ref = stream.opened.value;
  if (ref === undefined || ref.marker !== undefined) {
    return null;
  }
  const dossier = readDossier(ref, stream.reader);
  const close = () => {
    stream.open(undefined);
    document.getElementById('rows')?.focus();
  };
  return (
    <aside class="details" aria-label={text.details}>
      <div class="heading">
        <h2 class={`who color-${dossier.shown.color}`} title={visible(dossier.shown.container)}>
          {visible(dossier.shown.container)}
        </h2>
        <button type="button" class="tool" aria-label={text.close} title={`${text.close} (Esc)`} onClick={close}>
          <CloseIcon />
        </button>
      </div>
      <div class="scrolled">
        <Line key={ref.id} dossier={dossier} />
        <div class="buttons">
          <CopyButton key={`line ${ref.id}`} name={text.copyLine} value={() => visible(dossier.line)} />
          <CopyButton key={`json ${ref.id}`} name={text.copyJson} value={() => dossier.json()} />
          <CopyButton key={`link ${ref.id}`} name={text.copyLink} value={() => stream.linkTo(ref)} />
        </div>
        <Context key={`around ${ref.id}`} held={ref} stream={stream} />
        {dossier.parsed === undefined ? undefined : (
          <>
            <h3>{text.parsed}</h3>
            <Tree node={dossier.parsed} stream={stream} prefs={prefs} />
          </>
        )}
        <h3>{text.fields}</h3>
        <Tree node={dossier.fields} stream={stream} prefs={prefs} />
        <Facts dossier={dossier} stream={stream} />
      </div>
    </aside>
  );
}

function Line({ dossier }: { readonly dossier: Dossier }) {
  const element = useRef<HTMLPreElement>(null);
  const [open, setOpen] = useState(false);
  const line = dossier.line;
  const most = open ? mostShown : mostClosed;
  const part = firstLines(line.slice(0, most), open ? Number.POSITIVE_INFINITY : linesClosed);
  useEffect(() => {
    if (element.current !== null) {
      paintLine(element.current, part, noFilter);
    }
  }, [part]);
  if (line === '') {
    return null;
  }
  const cut = line.length - part.length;
  return (
    <>
      <h3>{text.line}</h3>
      <pre ref={element} class="raw" />
      {cut > 0 && open ? <p class="quiet">{text.cut(size(cut))}</p> : undefined}
      {(cut > 0 && !open) || open ? (
        <button type="button" class="link" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? text.showLess : text.showMore(size(cut))}
        </button>
      ) : undefined}
    </>
  );
}

function firstLines(value: string, most: number): string {
  let end = -1;
  for (let n = 0; n < most; n++) {
    end = value.indexOf('\n', end + 1);
    if (end < 0) {
      return value;
    }
  }
  return value.slice(0, end);
}

function Facts({ dossier, stream }: { readonly dossier: Dossier; readonly stream: Stream }) {
  const { shown, held, bytes } = dossier;
  const { time, level, whole } = shown;
  const { address, port, name, listener, label, matched } = held.place;
  const from =
    address === ''
      ? text.noAddress
      : port === 0
        ? address
        : address.includes(':')
          ? `[${address}]:${port}`
          : `${address}:${port}`;
  const button = (name: string, label: string, value: string) => (
    <TermButtons name={name} label={label} value={value} stream={stream} />
  );
  const facts: (readonly [string, string, ComponentChildren?] | false)[] = [
    [text.field.time, `${localTime(time)}${time.fine ? '' : ` (${text.wholeSeconds})`}`],
    [text.field.utc, utcTime(time)],
    [text.field.arrived, localMillis(held.arrived)],
    [text.field.container, visible(shown.container), button('container', text.field.container, shown.container)],
    level !== undefined && [text.field.level, level, button('level', text.field.level, level)],
    [text.field.tag, visible(held.tag), button('tag', text.field.tag, held.tag)],
    label !== undefined && [text.field.label, visible(label), button('label', text.field.label, label)],
    [text.field.from, visible(name === undefined ? from : `${name} (${from})`)],
    listener !== '' && [text.field.listener, visible(listener)],
    [text.field.number, number(held.seq)],
    [text.field.size, text.bytes(bytes)],
    whole !== undefined && whole.count > 1 && [text.field.pieces, number(whole.count)],
  ];
  return (
    <>
      {matched ? undefined : <p class="unmatched">{text.unmatched}</p>}
      <dl class="facts">
        {facts.map((fact) =>
          fact === false ? undefined : (
            <div key={`${fact[0]} ${held.id}`}>
              <dt>
                {fact[2] ?? fact[0]}
                <CopyField name={fact[0]} value={() => fact[1]} />
              </dt>
              <dd>{fact[1]}</dd>
            </div>
          ),
        )}
      </dl>
    </>
  );
}
