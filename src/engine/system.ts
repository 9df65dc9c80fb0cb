// The `<system>` section: what it says that has a meaning here, and the names of the rest, which are taken without effect.
import { type LogLevel, logLevels } from '../config/log-levels.ts';
import { type Options, p, type Values } from '../config/options.ts';
import { AddressList } from '../core/address-list.ts';
import type { MetricsOptions } from '../http/metrics-server.ts';

const elsewhere = 'has no meaning in Forebay';
const nothing = (type: 'string' | 'bool' | 'time' | 'integer') =>
  p[type]({ desc: 'Of Fluentd only.', ignored: elsewhere });
const section = p.sections({ desc: 'Of Fluentd only.', ignored: elsewhere, options: {} });

/** What of the section the program needs. */
export interface SystemSettings {
  readonly logLevel: LogLevel | undefined;
  /** Undefined where there is no port. */
  readonly http: MetricsOptions | undefined;
}

export function systemSettings(values: Values<typeof systemOptions>): SystemSettings {
  const { log_level: logLevel, http_port: port, http_bind: host, http_allow: allow, http_hosts: hosts } = values;
  return {
    logLevel,
    http:
      port === undefined ? undefined : { address: { host, port }, allow: allow?.map(String), hosts: hosts.map(String) },
  };
}

function noNetworks(texts: readonly unknown[]) {
  const wrong = texts.find((text) => !new AddressList().add(String(text)));
  return wrong === undefined
    ? undefined
    : { fault: `"${wrong}" is no address and no network`, hint: 'Write them as 10.0.0.0/8, ::1' };
}

/** Says what is wrong with a number that is not between these. */
function outside(value: number, least: number, most: number) {
  return value >= least && value <= most
    ? undefined
    : { fault: `${value} is not between ${least} and ${most}`, hint: `Write a number from ${least} to ${most}` };
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
    invalid: (port: number) => outside(port, 1, 65_535),
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
  workers: p.integer({ desc: 'Of Fluentd only.', ignored: 'one process does all' }),
  restart_worker_interval: nothing('time'),
  root_dir: nothing('string'),
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
