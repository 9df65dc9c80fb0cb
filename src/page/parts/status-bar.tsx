// The bar below: how the connection is, what comes in, and what is not here.
import { keepingChoices } from '../keeping.ts';
import type { Stream } from '../stream.ts';
import { text } from '../strings.ts';
import { clock, size } from '../times.ts';

export function StatusBar({ stream }: { readonly stream: Stream }) {
  const link = stream.link.value;
  const { rate, kept, gone, dropped, shown, search, query, took } = stream.totals.value;
  const node = stream.node.value;
  const { events, bytes } = stream.keeping.value;
  return (
    <footer class="status">
      <span class={`link is-${link.kind}`} role="status">
        <span class="lamp" aria-hidden="true" />
        {sentence(link)}
      </span>
      {link.kind === 'connected' ? (
        <span class="rate" title={text.perSecondTitle}>
          {text.perSecond(rate)}
        </span>
      ) : undefined}
      {stream.list.value.paused ? <span class="paused">{text.paused}</span> : undefined}
      {dropped > 0 ? (
        <span class="dropped" title={text.droppedTitle}>
          {text.dropped(dropped)}
        </span>
      ) : undefined}
      <span class="space" />
      {search < 100 ? <span>{text.searching(search)}</span> : undefined}
      {query === '' ? undefined : (
        <span class="found" data-query={query} title={text.foundTitle(took)}>
          {text.matching(shown)}
        </span>
      )}
      <span class="kept" title={text.keptTitle(events, size(bytes))}>
        {text.kept(kept)}
        {gone > 0 ? `, ${text.goneShort(gone)}` : ''}
      </span>
      <Memory stream={stream} />
      {node === '' ? undefined : <span class="node">{node}</span>}
    </footer>
  );
}

/** How much is kept: a choice. */
function Memory({ stream }: { readonly stream: Stream }) {
  const chosen = stream.memory.value;
  const choices = keepingChoices.includes(chosen) ? keepingChoices : [...keepingChoices, chosen].sort((a, b) => a - b);
  return (
    <select
      class="choice memory"
      aria-label={text.memory}
      title={text.memoryTitle}
      onChange={(event) => stream.setMemory(Number(event.currentTarget.value))}
    >
      {choices.map((megabytes) => (
        <option key={megabytes} value={megabytes} selected={megabytes === chosen}>
          {text.memoryChoice(megabytes)}
        </option>
      ))}
    </select>
  );
}

function sentence(link: Stream['link']['value']): string {
  switch (link.kind) {
    case 'connected':
      return text.connected;
    case 'connecting':
      return text.connecting;
    case 'version':
      return text.otherVersion;
    case 'failed':
      return text.failed;
    case 'stopped':
      return text.stopped(clock(link.since));
    default:
      return text.away(clock(link.since));
  }
}

/** Sentences of the collector on what holds its inputs. */
export function Holding({ stream }: { readonly stream: Stream }) {
  const sentences = stream.holding.value;
  return sentences.length === 0 ? null : (
    <div class="holding" role="status">
      {sentences.map((sentence_) => (
        <p key={sentence_}>{sentence_}</p>
      ))}
    </div>
  );
}
