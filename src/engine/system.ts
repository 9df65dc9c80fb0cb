// The `<system>` section: what it says that has a meaning here, and the names of the rest, which are taken without effect.
import { logLevels } from '../config/log-levels.ts';
import { type Options, p, type Values } from '../config/options.ts';

const elsewhere = 'has no meaning in Forebay';
const nothing = (type: 'string' | 'bool' | 'time' | 'integer') =>
  p[type]({ desc: 'Of Fluentd only.', ignored: elsewhere });
const section = p.sections({ desc: 'Of Fluentd only.', ignored: elsewhere, options: {} });

export const systemOptions = {
  log_level: p.enum({
    desc: 'The least level that the own log shows.',
    values: logLevels,
  }),
  strict_config_value: p.bool({
    desc: 'Refuses values that are read as something else than they say.',
    default: 'false',
  }),
  workers: p.integer({ desc: 'Of Fluentd only.', ignored: 'one process does all' }),
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
  config_include_dir: nothing('string'),
  umask: nothing('string'),
  log: section,
  counter_server: section,
  counter_client: section,
  metrics: section,
  source_only_buffer: section,
} as const satisfies Options;

export type SystemValues = Values<typeof systemOptions>;

/** Of `<system>`, what the running graph needs. */
export type SystemSettings = Pick<
  SystemValues,
  'root_dir' | 'shutdown_timeout' | 'buffer_memory_limit' | 'buffer_disk_limit'
>;

/** Where there is no such section. */
export const systemDefaults: SystemSettings = {
  root_dir: undefined,
  shutdown_timeout: 8,
  buffer_memory_limit: 512 * 1024 * 1024,
  buffer_disk_limit: 64 * 1024 * 1024 * 1024,
};
