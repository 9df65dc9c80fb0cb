// Asks for the token where the server wants one and the address brought none.
import { useState } from 'preact/hooks';
import { login } from '../session.ts';
import type { Stream } from '../stream.ts';
import { text } from '../strings.ts';
import { LogoIcon } from './icons.tsx';

export function LoginForm({ stream }: { readonly stream: Stream }) {
  const [token, setToken] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState('');
  const submit = async () => {
    setBusy(true);
    const result = await login(token.trim());
    setBusy(false);
    if (result.kind === 'granted') {
      stream.start();
    } else {
      const { wrong, unreachable, tooMany } = text.login;
      setProblem(result.kind === 'wait' ? tooMany(result.seconds) : result.kind === 'wrong' ? wrong : unreachable);
    }
  };
  return (
    <main class="login">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <LogoIcon />
        <h1>{text.login.title}</h1>
        <p>{text.login.hint}</p>
        <label for="token">{text.login.label}</label>
        <div class="entry">
          <input
            id="token"
            type="password"
            autocomplete="off"
            autofocus
            required
            value={token}
            aria-describedby="token-problem"
            onInput={(event) => setToken(event.currentTarget.value)}
          />
          <button type="submit" disabled={busy || token.trim() === ''}>
            {text.login.submit}
          </button>
        </div>
        <p id="token-problem" class="problem" role="alert">
          {problem}
        </p>
      </form>
    </main>
  );
}
