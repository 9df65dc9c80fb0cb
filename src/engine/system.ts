// The `<system>` section: what it says that has a meaning here, and the names of the rest, which are taken without effect.

import { between } from '../config/bounds.ts';
import { type LogLevel, logLevels } from '../config/log-levels.ts';
import { type Options, p, type Values } from '../config/options.ts';
import { AddressList } from '../core/address-list.ts';
import type { MetricsOptions } from '../http/metrics-server.ts';

const elsewhere = 'has no meaning in Forebay';
const nothing = (type: 'string' | 'bool' | 'time' | 'integer') =>
  p[type]({ desc: 'Of Fluentd only.', ignored: elsewhere });
const section = p.sections({ desc: 'Of Fluentd only.', ignored: elsewhere, options: {} });

/** What the buffers of the process need. */
export interface BufferSystem {
  /** Where chunks go that are given up. */
  readonly rootDir: string | undefined;
  /** What all buffers hold together at most, bytes. */
  readonly memoryLimit: number;
  readonly diskLimit: number;
}

export const bufferDefaults: BufferSystem = {
  rootDir: undefined,
  memoryLimit: 512 * 1024 * 1024,
  diskLimit: 64 * 1024 * 1024 * 1024,
};

/** What of the section the program needs. */
export interface SystemSettings {
  readonly logLevel: LogLevel | undefined;
  readonly buffers: BufferSystem;
  /** What is under way may take this long to arrive at the end, ms. */
  readonly shutdownTimeout: number;
  /** Undefined where there is no port. */
  readonly http: MetricsOptions | undefined;
  /** How many processes take events in. */
  readonly workers: number;
}

/** More processes than this are a mistake. */
const mostWorkers = '64';

export function systemSettings(values: Values<typeof systemOptions>): SystemSettings {
  const {
    log_level: logLevel,
    http_port: port,
    http_bind: host,
    http_allow: allow,
    http_hosts: hosts,
    workers,
  } = values;
  const limits = {
    connections: values.http_connections_limit,
    requestTime: values.http_request_timeout * 1000,
    headerSize: values.http_header_size_limit,
  };
  return {
    logLevel,
    workers,
    buffers: {
      rootDir: values.root_dir,
      memoryLimit: values.buffer_memory_limit,
      diskLimit: values.buffer_disk_limit,
    },
    shutdownTimeout: values.shutdown_timeout * 1000,
    http:
      port === undefined
        ? undefined
        : { address: { host, port }, allow: allow?.map(String), hosts: hosts.map(String), limits },
  };
}

function noNetworks(texts: readonly unknown[]) {
  const wrong = texts.find((text) => !new AddressList().add(String(text)));
  return wrong === undefined
    ? undefined
    : { fault: `"${wrong}" is no address and no network`, hint: 'Write them as 10.0.0.0/8, ::1' };
}

export const systemOptions = {
  log_level: p.enum({
    desc: 'The least level that the own log shows.',
    values: logLevels,
  }),
  strict_config_value: p.bool({
    desc: 'Refuses values that are read as something else than they say.',
    default: 'false',
  }),
  config_include_dir: p.string({
    desc: 'A folder whose files are read too, and those in its folders: .conf, or .yaml and .yml where this file is YAML.',
  }),
  http_port: p.integer({
    desc: 'A port for /metrics (Prometheus) and /healthz. Without it there is none.',
    invalid: between('integer', '1', '65535'),
  }),
  http_bind: p.string({ desc: 'The address that http_port is opened on.', default: '127.0.0.1' }),
  http_allow: p.array({
    desc: 'Addresses and networks that may ask at http_port: 10.0.0.0/8, ::1. Without it, all.',
    invalid: noNetworks,
  }),
  http_hosts: p.array({
    desc: 'Names by which http_port is asked, beside localhost, the address and the host name.',
    default: '',
  }),
  http_connections_limit: p.integer({
    desc: 'Connections to http_port at once; more are closed (CONNECTIONS_LIMIT).',
    default: '64',
    invalid: between('integer', '1', '65535'),
  }),
  http_request_timeout: p.time({
    desc: 'A connection to http_port whose request is not whole after this long is closed (REQUEST_TIMEOUT).',
    default: '10s',
    invalid: between('time', '1s', '1h'),
  }),
  http_header_size_limit: p.size({
    desc: 'A request to http_port with more than this in front of its body is refused (HEADERS_TOO_LARGE). A reload does not change it.',
    default: '8k',
    invalid: between('size', '1k', '1m'),
  }),
  workers: p.integer({
    desc: 'Processes that take events in, behind the same listeners. What stands in `<worker N>` or `<worker N-M>` holds for these only, counted from 0.',
    default: '1',
    invalid: between('integer', '1', mostWorkers),
  }),
  restart_worker_interval: nothing('time'),
  root_dir: p.string({ desc: 'The folder below which chunks go that are given up: backup/worker0/ID/.' }),
  shutdown_timeout: p.time({
    desc: 'What is under way may take so long to arrive when the program is asked to stop; Docker waits for 10s.',
    default: '8',
  }),
  buffer_memory_limit: p.size({ desc: 'What all buffers in memory hold together at most.', default: '512m' }),
  buffer_disk_limit: p.size({ desc: 'What all buffers on disk hold together at most.', default: '64g' }),
  suppress_repeated_stacktrace: nothing('bool'),
  ignore_repeated_log_interval: nothing('time'),
  ignore_same_log_interval: nothing('time'),
  emit_error_log_interval: nothing('time'),
  suppress_config_dump: nothing('bool'),
  log_event_verbose: nothing('bool'),
  without_source: nothing('bool'),
  with_source_only: nothing('bool'),
  rpc_endpoint: nothing('string'),
  enable_get_dump: nothing('bool'),
  process_name: nothing('string'),
  enable_msgpack_time_support: nothing('bool'),
  disable_shared_socket: nothing('bool'),
  enable_input_metrics: nothing('bool'),
  enable_size_metrics: nothing('bool'),
  enable_jit: nothing('bool'),
  file_permission: nothing('string'),
  dir_permission: nothing('string'),
  umask: nothing('string'),
  log: section,
  counter_server: section,
  counter_client: section,
  metrics: section,
  source_only_buffer: section,
} as const satisfies Options;
