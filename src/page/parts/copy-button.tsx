// Buttons that copy: one with its name, one with an icon beside a field. For two seconds they say whether it was done.
import { useEffect, useRef, useState } from 'preact/hooks';
import { copyRefusal, copyText } from '../copy.ts';
import { text } from '../strings.ts';
import { CheckIcon, CopyIcon } from './icons.tsx';

interface Props {
  readonly name: string;
  value(): string;
}

const shownFor = 2000;

/** What was said of the last copy, '' after a while, and the way to make one. */
function useCopy(value: () => string): { readonly said: string; readonly done: boolean; copy(): Promise<void> } {
  const [said, setSaid] = useState('');
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = async () => {
    setSaid((await copyText(value())) ? text.copied : copyRefusal());
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => setSaid(''), shownFor);
  };
  return { said, done: said === text.copied, copy };
}

export function CopyButton({ name, value }: Props) {
  const { said, copy } = useCopy(value);
  return (
    <button type="button" class="link" onClick={() => void copy()}>
      {said === '' ? name : said}
    </button>
  );
}

export function CopyField({ name, value }: Props) {
  const { said, done, copy } = useCopy(value);
  const title = said === '' ? text.copyField(name) : said;
  return (
    <button
      type="button"
      class={said === '' ? 'hide copy' : done ? 'hide copy done' : 'hide copy failed'}
      aria-label={title}
      title={title}
      onClick={() => void copy()}
    >
      {said === '' ? <CopyIcon /> : done ? <CheckIcon /> : said}
    </button>
  );
}
