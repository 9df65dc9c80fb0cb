// The HTTP port for metrics and health: who may ask, and what is answered.
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Counters } from '../../src/core/counters.ts';
import { errorTable } from '../../src/core/errors.ts';
import { counterHelp } from '../../src/http/metric-help.ts';
import { type MetricsOptions, MetricsServer, type Sample } from '../../src/http/metrics-server.ts';
import { startForebay } from '../support/forebay.ts';
import { freePort } from '../support/ports.ts';
import { projectRoot } from '../support/project.ts';

async function start(options: Partial<MetricsOptions> = {}, host = '127.0.0.1') {
  const counters = new Counters();
  const reasons: string[] = [];
  const gauges: Sample[] = [];
  const log: { readonly code?: string }[] = [];
  const port = await freePort();
  const limits = { connections: 64, requestTime: 10_000, headerSize: 8192 };
  const all = { address: { host, port }, allow: undefined, hosts: [], limits, ...options };
  const server = new MetricsServer(all, {
    log: pino({}, { write: (line: string) => void log.push(JSON.parse(line) as { readonly code?: string }) }),
    counters,
    hostname: 'thisnode',
    health: () => ({ healthy: reasons.length === 0, reasons }),
    snapshot: async () => ({ counters: counters.list(), gauges }),
  });
  await server.start();
  onTestFinished(() => server.stop());
  return { counters, reasons, gauges, log, port, server, options: all };
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

function ask(port: number, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request({ port, host: '127.0.0.1', path, headers, method, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', body }),
      );
    });
    request.on('error', reject);
    request.end();
  });
}

/** The samples by name and labels as they stand there; every one must have its HELP and TYPE in front of it. */
function samples(text: string): { readonly types: Map<string, string>; readonly values: Map<string, number> } {
  const types = new Map<string, string>();
  const helps = new Set<string>();
  const values = new Map<string, number>();
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const help = /^# HELP (\S+) \S/.exec(line)?.[1];
    const type = /^# TYPE (\S+) (counter|gauge|histogram|summary)$/.exec(line);
    const sample = /^([a-zA-Z_:][\w:]*)(\{.*\})? (\S+)$/.exec(line);
    if (help !== undefined) {
      helps.add(help);
    } else if (type?.[1] !== undefined && type[2] !== undefined) {
      expect(types.has(type[1])).toBe(false);
      types.set(type[1], type[2]);
    } else {
      const name = (sample?.[1] ?? '').replace(/_(?:bucket|sum|count)$/, (end) =>
        types.has(sample?.[1] ?? '') ? end : '',
      );
      expect([line, types.has(name), helps.has(name)]).toEqual([line, true, true]);
      values.set(`${sample?.[1]}${sample?.[2] ?? ''}`, Number(sample?.[3]));
    }
  }
  return { types, values };
}

test('counters and gauges have their types, sentences and labels; the figures of the process stand beside them', async () => {
  const { counters, gauges, port } = await start();
  counters.get('forebay_output_events_total', { id: 'a' }).value = 7;
  counters.get('forebay_output_events_total', { id: 'b "\\\n' }).value = 8;
  counters.get('forebay_unmatched_tag_events_total', { tag: 'x'.repeat(1000) }).value = 1;
  counters.get('forebay_unmatched_tag_events_total', { tag: 'x', label: '@A' }).value = 2;
  counters.get('forebay_forward_malformed_total', { id: 'in' }).value = 3;
  gauges.push({ name: 'forebay_healthy', labels: {}, value: 1 });
  for (let times = 0; times < 2; times++) {
    const { status, type, body } = await ask(port, '/metrics');
    expect([status, type]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    const { types, values } = samples(body);
    expect(types.get('forebay_output_events_total')).toBe('counter');
    expect(types.get('forebay_healthy')).toBe('gauge');
    expect(values.get('forebay_output_events_total{id="a"}')).toBe(7);
    expect(values.get('forebay_output_events_total{id="b \\"\\\\\\n"}')).toBe(8);
    expect(values.get(`forebay_unmatched_tag_events_total{tag="${'x'.repeat(200)}"}`)).toBe(1);
    expect(values.get('forebay_unmatched_tag_events_total{tag="x",label="@A"}')).toBe(2);
    expect(body).toContain('# HELP forebay_forward_malformed_total Times that: Bytes are no msgpack');
    expect(values.get('process_resident_memory_bytes')).toBeGreaterThan(1e6);
    expect(types.get('process_cpu_seconds_total')).toBe('counter');
  }
});

test('health is 200, or 503 with the reasons', async () => {
  const { reasons, port } = await start();
  expect(await ask(port, '/healthz')).toMatchObject({ status: 200, body: '{"healthy":true,"reasons":[]}\n' });
  reasons.push('The output a takes nothing.');
  const { status, type, body } = await ask(port, '/healthz?verbose');
  expect([status, type]).toEqual([503, 'application/json; charset=utf-8']);
  expect(JSON.parse(body)).toEqual({ healthy: false, reasons: ['The output a takes nothing.'] });
});

test('nothing else is there, and nothing can be changed', async () => {
  const { port } = await start();
  expect((await ask(port, '/')).status).toBe(404);
  expect((await ask(port, '/metrics', {}, 'POST')).status).toBe(405);
  expect(await ask(port, '/healthz', {}, 'HEAD')).toMatchObject({ status: 200, body: '' });
});

describe('who may ask', () => {
  test('names that are none of ours are refused, counted, and said once', async () => {
    const { counters, log, port } = await start({ hosts: ['metrics.example'] });
    for (const host of ['evil.example', 'evil.example']) {
      expect((await ask(port, '/metrics', { host })).status).toBe(421);
    }
    for (const host of ['localhost', `127.0.0.1:${port}`, '[::1]', 'metrics.example:9']) {
      expect((await ask(port, '/healthz', { host })).status).toBe(200);
    }
    const labels = { address: `127.0.0.1:${port}`, code: 'HOST_REFUSED' };
    expect(counters.get('forebay_http_refused_total', labels).value).toBe(2);
    expect(log.filter(({ code }) => code === 'HOST_REFUSED').length).toBe(1);
  });

  test('addresses that are not allowed are refused; who is, can be changed while it runs', async () => {
    const { server, options, port } = await start({ allow: ['10.0.0.0/8'] });
    expect((await ask(port, '/healthz')).status).toBe(403);
    server.configure({ ...options, allow: ['10.0.0.0/8', '127.0.0.1'] });
    expect((await ask(port, '/healthz')).status).toBe(200);
  });

  test('a listener on all addresses is asked by any address, and no name', async () => {
    const { port } = await start({}, '0.0.0.0');
    expect((await ask(port, '/healthz', { host: '192.0.2.1' })).status).toBe(200);
    expect((await ask(port, '/healthz', { host: 'thisnode' })).status).toBe(200);
    expect((await ask(port, '/healthz', { host: 'other' })).status).toBe(421);
  });
});

describe('what may be asked of it', () => {
  const refused = ({ counters, port }: Awaited<ReturnType<typeof start>>, code: string) =>
    counters.get('forebay_http_refused_total', { address: `127.0.0.1:${port}`, code }).value;

  test('connections, headers and time have their bounds; a reload may change them', async () => {
    const limits = { connections: 1, requestTime: 20_000, headerSize: 1024 };
    const running = await start({ limits });
    const { port, server, options } = running;
    const slow = connect(port, '127.0.0.1');
    await once(slow, 'connect');
    slow.on('error', () => {}).resume();
    await expect(ask(port, '/healthz')).rejects.toThrow();
    await expect.poll(() => refused(running, 'CONNECTIONS_LIMIT')).toBe(1);
    server.configure({ ...options, limits: { ...limits, connections: 2, requestTime: 2_000 } });
    expect((await ask(port, '/healthz')).status).toBe(200);
    expect((await ask(port, '/healthz', { 'x-long': 'x'.repeat(2000) })).status).toBe(431);
    expect(refused(running, 'HEADERS_TOO_LARGE')).toBe(1);
    slow.write('GET / HTTP/1.1\r\nHost: ');
    await new Promise<void>((resolve) => slow.once('close', () => resolve()));
    expect(refused(running, 'REQUEST_TIMEOUT')).toBe(1);
    expect(running.log.flatMap(({ code }) => code ?? []).sort()).toEqual([
      'CONNECTIONS_LIMIT',
      'HEADERS_TOO_LARGE',
      'REQUEST_TIMEOUT',
    ]);
  });
});

test('every counter in the code has its sentence, and every sentence a counter', () => {
  const code = readdirSync(join(projectRoot, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('metric-help.ts'))
    .map((file) => readFileSync(join(projectRoot, 'src', file), 'utf8'))
    .join('\n');
  const named = new Set([...code.matchAll(/'(forebay_\w+_total)'/g)].map(([, name = '']) => name));
  const codes = Object.keys(errorTable).map((each) => `forebay_${each.toLowerCase()}_total`);
  expect([...named].filter((name) => !codes.includes(name)).sort()).toEqual(Object.keys(counterHelp));
});

test('the running program: its port comes, moves and goes with the configuration', async () => {
  const rest =
    '<source>\n@type forward\nbind 127.0.0.1\nport PORT1\n</source>\n<match **>\n@type null\n@id nothing\n</match>\n';
  const forebay = await startForebay({
    config: `<system>\nhttp_port PORT\nhttp_header_size_limit 1k\n</system>\n${rest}`,
  });
  onTestFinished(async () => void (await forebay.stop()));
  const { values } = samples((await ask(forebay.port, '/metrics')).body);
  expect(values.get('forebay_healthy')).toBe(1);
  expect(values.get('forebay_output_events_total{id="nothing"}')).toBe(0);
  expect((await ask(forebay.port, '/healthz')).status).toBe(200);
  expect((await ask(forebay.port, '/healthz', { 'x-long': 'x'.repeat(2000) })).status).toBe(431);
  const other = await freePort();
  const change = async (text: string, line: (text: string) => boolean) => {
    writeFileSync(join(forebay.folder, 'test.conf'), text + rest.replace('PORT1', String(forebay.ports[1])));
    forebay.signal('SIGHUP');
    await forebay.stderr.waitForLine(line);
  };
  await change(`<system>\nhttp_port ${forebay.ports[1]}\n</system>\n`, (line) => line.includes('RELOAD_FAILED'));
  expect((await ask(forebay.port, '/healthz')).status).toBe(200);
  await change(`<system>\nhttp_port ${other}\n</system>\n`, (line) => line.includes('and runs'));
  await expect(ask(forebay.port, '/healthz')).rejects.toThrow('ECONNREFUSED');
  const after = samples((await ask(other, '/metrics')).body);
  expect(after.values.get('forebay_reloads_total')).toBe(1);
  expect(after.values.get('forebay_reload_failures_total')).toBe(1);
}, 60_000);
