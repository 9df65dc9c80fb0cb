// Plug-ins that people have from Fluentd and that Forebay has not: what takes their place.

const elsewhere =
  'Forebay does not send there: keep Fluentd or Fluent Bit for it, and write to files or standard output here.';
const fromTag = 'What the tag says can become fields with record_transformer: ${tag_parts[N]}.';
const byHealth = 'Remove it: forebay health says how the collector is.';
const byHand = 'Events are made by hand with forebay send.';

/** By kind, then by type. What Forebay has is found before anybody looks here. */
const instead: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  input: {
    dummy: byHand,
    sample: byHand,
    monitor_agent: byHealth,
    debug_agent: byHealth,
    prometheus: byHealth,
    prometheus_monitor: byHealth,
    prometheus_output_monitor: byHealth,
  },
  filter: {
    kubernetes_metadata: fromTag,
    record_modifier: 'record_transformer sets and removes fields too.',
    concat: "Docker's pieces are put together by join_pieces true in the <source>.",
    docker_metadata: fromTag,
    prometheus: 'Remove it: events and drops are counted by themselves.',
  },
  output: {
    rewrite_tag_filter: 'Events are sent apart by their fields with relabel and a grep filter in each <label>.',
    route: 'Events are sent to other rules with relabel, and to several with copy.',
    label_router: 'Events are sent to other rules with relabel, and to several with copy.',
    stdout_pp: 'stdout prints for people with @type pretty in <format>.',
    ...Object.fromEntries(
      [
        ...['elasticsearch', 'elasticsearch_dynamic', 'opensearch', 's3', 'kafka', 'kafka2', 'loki', 'splunk_hec'],
        ...['cloudwatch_logs', 'google_cloud', 'gcs', 'azure_loganalytics', 'datadog', 'gelf', 'mongo', 'bigquery'],
        ...['kinesis_streams', 'kinesis_firehose', 'newrelic', 'http', 'exec', 'exec_filter', 'secondary_file'],
      ].map((type) => [type, elsewhere]),
    ),
  },
};

/** What to do instead of using a plug-in of that name; undefined where nothing is known of it. */
export function insteadOf(kind: string, type: string): string | undefined {
  const ofKind = Object.hasOwn(instead, kind) ? instead[kind] : undefined;
  return ofKind !== undefined && Object.hasOwn(ofKind, type) ? ofKind[type] : undefined;
}
