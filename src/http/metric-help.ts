// What each metric means, by its name: the one table for /metrics and the reference. Counters of error codes have their sentences from the
// table of errors.
import { errorTable } from '../core/errors.ts';

/** Counters, in alphabetical order. A test finds those in the code that are not here. */
export const counterHelp: Readonly<Record<string, string>> = {
  forebay_buffer_backed_up_events_total:
    'Events of chunks that could not be delivered and were put into the backup folder.',
  forebay_buffer_damaged_bytes_total: 'Bytes of buffer files that were damaged, and are kept in quarantine.',
  forebay_buffer_damaged_total: 'Places in buffer files that were damaged.',
  forebay_buffer_dropped_events_total: 'Events that drop_oldest_chunk let go of.',
  forebay_buffer_failed_deliveries_total: 'Times that a chunk could not be delivered; it is tried again.',
  forebay_buffer_lost_events_total: 'Events that were given up: retries were over, and nothing else took them.',
  forebay_buffer_write_failures_total: 'Writes to buffer files that failed, and are tried again.',
  forebay_file_closed_early_total:
    'Files that were closed because more than open_files_limit were open; what comes for them opens them again.',
  forebay_file_refused_bytes_total:
    'Bytes that a file output dropped, because what lies in the way must not be written to.',
  forebay_file_removed_bytes_total: 'Bytes of old files that a file output removed, because there were too many.',
  forebay_file_removed_files_total: 'Old files that a file output removed, because there were too many.',
  forebay_file_write_failures_total: 'Writes to files that failed, and are tried again.',
  forebay_filter_dropped_events_total: 'Events that a filter took out.',
  forebay_filter_errors_total: 'Events that a filter could not look at, by what was wrong.',
  forebay_filter_events_total: 'Events that a filter got.',
  forebay_forward_connections_total: 'Connections that an input accepted.',
  forebay_forward_resent_chunks_total:
    'Chunks that came again after they were taken, and are acked without being taken twice.',
  forebay_http_logins_ended_total: 'Logins at a page that ended early, because there were too many.',
  forebay_http_refused_total: 'HTTP requests that were refused, by why.',
  forebay_ignored_errors_total: 'Batches that a store with ignore_error could not take.',
  forebay_input_bytes_total: 'Bytes of the events that an input took in, as msgpack.',
  forebay_input_events_total: 'Events that an input took in.',
  forebay_output_events_total: 'Events that came to an output.',
  forebay_own_log_lost_lines_total: 'Lines of the own log that did not become events.',
  forebay_pattern_deadlines_total: 'Times that the pattern of a <match> or <filter> took too long for a tag.',
  forebay_refused_events_total: 'Events that a plug-in refused for a fault of their own, by what was wrong.',
  forebay_relay_dropped_events_total:
    'Events that a worker could not show on the page, because the parent process did not keep up.',
  forebay_reload_failures_total: 'Reloads that changed nothing, because the configuration has errors or cannot be run.',
  forebay_reloads_total: 'Reloads that the configuration came through.',
  forebay_route_loop_events_total: 'Events that were dropped because labels send them round in a circle.',
  forebay_tls_files_renewed_total: 'Times that renewed certificate files were taken into use.',
  forebay_unmatched_events_total: 'Events that no <match> takes.',
  forebay_unmatched_tag_events_total:
    'The same by tag and label; those of tags beyond the first hundred together, without a tag.',
  forebay_unprintable_events_total: 'Events that a format cannot write.',
  forebay_viewer_closed_total: 'Readers of a page that were closed for what they sent, by why.',
  forebay_viewer_dropped_events_total: 'Events that a browser did not get, because it was too slow.',
  forebay_worker_cpu_seconds_total: 'CPU seconds that a worker has used, by its number.',
  forebay_worker_exits_total: 'Times that a worker ended without having been asked to.',
};

/** What is measured at the moment it is asked for. */
export const gaugeHelp: Readonly<Record<string, string>> = {
  forebay_buffer_queued_chunks: 'Chunks of a buffer that wait for their delivery.',
  forebay_buffer_staged_bytes: 'Bytes of the chunks of a buffer that still take events.',
  forebay_buffer_stored_bytes: 'Bytes that the chunks of a buffer take, of memory or of disk.',
  forebay_healthy: '1 where all is well, 0 where an output holds the inputs or something could not be opened.',
  forebay_info: 'Always 1; the version is in its label.',
  forebay_worker_resident_memory_bytes: 'Memory of a worker, by its number.',
  forebay_workers: 'Workers that run.',
};

/** The sentence for a metric; without its fields where it is that of an error. */
export function helpOf(name: string): string {
  const known = counterHelp[name] ?? gaugeHelp[name];
  if (known !== undefined) {
    return known;
  }
  const code = /^forebay_(.*)_total$/.exec(name)?.[1]?.toUpperCase() ?? '';
  return Object.hasOwn(errorTable, code)
    ? `Times that: ${errorTable[code as keyof typeof errorTable].template.replaceAll(/\{(\w+)\}/g, '$1')}`
    : 'Of a plug-in.';
}
