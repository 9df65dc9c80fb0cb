// Tokens, sessions, and how often one may try.
import { expect, test } from 'vitest';
import { Attempts } from '../../src/http/attempts.ts';
import { newToken, Sessions, type SessionsSettings } from '../../src/http/sessions.ts';

const day = 24 * 3600 * 1000;

function sessionsOf(token = 'secret', lifetime = 30 * day, more: Partial<SessionsSettings> = {}) {
  const time = { now: 1_000_000 };
  const clock = { now: () => time.now };
  const ended = { count: 0 };
  const sessions = new Sessions({
    ...{ token, port: 8080, clock, lifetime, attempts: new Attempts(clock, 10) },
    ...{ idleTime: 7 * day, most: 1000, ended: () => ended.count++ },
    ...more,
  });
  return { time, ended, sessions };
}

function loginOf(sessions: Sessions, token = 'secret', address = 'a', secure = false): string {
  const login = sessions.login(token, address, secure);
  return typeof login === 'string' ? login : login.cookie;
}

const pairOf = (cookie: string) => cookie.split(';')[0];

test('the right token gives a cookie that scripts and other sites do not get', () => {
  const { sessions } = sessionsOf();
  const cookie = loginOf(sessions);
  expect(cookie).toMatch(/^forebay_8080=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/);
  expect(loginOf(sessions, 'secret', 'a', true)).toMatch(/; Secure$/);
  expect(sessions.find(`other=1; ${pairOf(cookie)}; x`)).toBeDefined();
});

test('a wrong token, a wrong cookie, or none are not let in', () => {
  const { sessions } = sessionsOf();
  expect(loginOf(sessions, 'wrong')).toBe('wrong');
  expect(loginOf(sessions, '')).toBe('wrong');
  const cookie = pairOf(loginOf(sessions)) ?? '';
  for (const cookies of [
    undefined,
    '',
    'forebay_8080',
    'forebay_8080=',
    `${cookie}x`,
    cookie.replace('8080', '8081'),
    `x=${cookie}`,
  ]) {
    expect(sessions.find(cookies)).toBeUndefined();
  }
});

test('after ten wrong tokens an address must wait, also with the right one; others need not', () => {
  const { sessions, time } = sessionsOf();
  for (let n = 0; n < 10; n++) {
    expect(loginOf(sessions, `wrong${n}`)).toBe('wrong');
  }
  expect(loginOf(sessions, 'secret')).toBe('too many');
  expect(sessions.isToken('secret', 'a')).toBe('too many');
  expect(loginOf(sessions, 'secret', 'b')).toContain('forebay_8080=');
  time.now += 60_001;
  expect(loginOf(sessions, 'secret')).toContain('forebay_8080=');
});

test('a session lasts while it is used', () => {
  const { sessions, time } = sessionsOf();
  const cookie = pairOf(loginOf(sessions));
  for (let n = 0; n < 4; n++) {
    time.now += 6 * day;
    expect(sessions.find(cookie)).toBeDefined();
  }
  time.now += 7 * day + 1;
  expect(sessions.find(cookie)).toBeUndefined();
});

test('a session ends, however much it is used', () => {
  const { sessions, time } = sessionsOf('secret', 3600_000);
  const cookie = loginOf(sessions);
  expect(cookie).toMatch(/; Max-Age=3600;/);
  const end = time.now + 3600_000;
  for (; time.now < end; time.now += 600_000)
    expect(sessions.find(pairOf(cookie))).toEqual({ user: '', end, idleEnd: time.now + 7 * day });
  expect(sessions.find(pairOf(cookie))).toBeUndefined();
});

test('there are no more than so many sessions: the one used longest ago ends, and that is told', () => {
  const { sessions, ended } = sessionsOf('secret', 30 * day, { most: 100 });
  const first = pairOf(loginOf(sessions));
  const second = pairOf(loginOf(sessions));
  expect(sessions.find(first)).toBeDefined();
  for (let n = 0; n < 99; n++) {
    loginOf(sessions);
  }
  expect(sessions.find(first)).toBeDefined();
  expect(sessions.find(second)).toBeUndefined();
  expect(ended.count).toBe(1);
});

test('made-up tokens are long, fit into a URL, and differ', () => {
  const tokens = Array.from({ length: 100 }, newToken);
  expect(new Set(tokens).size).toBe(100);
  expect(tokens.every((token) => /^[\w-]{32}$/.test(token))).toBe(true);
});
