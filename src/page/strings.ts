// Every text that the page shows, in one place, so that another language is one more object of this shape.

const count = new Intl.NumberFormat('en');

/** `12,345`. */
export function number(value: number): string {
  return count.format(value);
}

const plural = (value: number, one: string, many: string) => `${number(value)} ${value === 1 ? one : many}`;
const lines = (value: number) => plural(value, 'line', 'lines');

export const text = {
  title: 'Forebay',
  // Top bar
  filter: 'Filter lines',
  filterHint: 'Filter: word "a phrase" -not level>=warn field:value',
  clearFilter: 'Clear the filter',
  pause: 'Pause',
  resume: 'Resume',
  wrapOn: 'Wrap long lines',
  wrapOff: 'One row for each line',
  theme: { auto: 'Colours: as the system', light: 'Colours: light', dark: 'Colours: dark' },
  keys: 'Keys',
  menu: 'Levels, containers and more',
  problemStays: 'Until then the lines stay as they are.',
  suggestions: 'Completions',
  suggested: (value: number) => (value === 0 ? '' : plural(value, 'completion', 'completions')),
  suggestionHint: { field: 'field', value: 'value' },
  // Facets
  facets: 'Facets',
  facet: { level: 'Levels', container: 'Containers', feed: 'Feeds', source: 'Sources', tag: 'Tags' },
  containersEmpty: 'None yet',
  valuesMore: (hidden: number) => `and ${number(hidden)} more`,
  showAll: 'Show all',
  showAllOf: (facet: string) => `Show all: ${facet}`,
  onlyHint: 'Click: only this one. Ctrl-click: this one too. Alt-click: all but this one.',
  exclude: (name: string) => `Hide ${name}`,
  otherValues: '(others)',
  otherValuesTitle: 'Further values: there are more than are counted one by one',
  // Histogram
  histogram: 'Lines over time',
  histogramHint: 'Drag to choose a time, click to go there. Keys: left and right, with Shift to choose, Enter.',
  histogramKeys: 'time: left and right move, Shift chooses, Enter takes it',
  unmatchedLane: 'unmatched',
  allTimes: 'All times',
  binText: (total: number, errors: number, warnings: number) =>
    [
      lines(total),
      ...(errors > 0 ? [plural(errors, 'error', 'errors')] : []),
      ...(warnings > 0 ? [plural(warnings, 'warning', 'warnings')] : []),
    ].join(', '),
  gapText: { away: 'no connection', dropped: 'lines dropped' },
  // Rows
  rows: 'Log lines',
  scrollBar: 'Place in the stream',
  newLines: (value: number) => `${number(value)} new`,
  toTail: 'To the newest line',
  pieces: (value: number) => `Docker cut this line into ${number(value)} pieces; they are joined here`,
  traceLines: (value: number) => `+ ${lines(value)}`,
  traceTitle: 'A stack trace: the details show all of it',
  piecesOpen: (value: number) => `${plural(value, 'piece', 'pieces')} of a longer line, whose end has not come`,
  piecesLost: (value: number) => `${plural(value, 'piece', 'pieces')} of a longer line; some are missing`,
  late: 'late',
  lateTitle: 'Later lines had come before this one',
  moreText: (size: string) => `… ${size} more`,
  empty: {
    waiting: 'Waiting for the first line',
    waitingHint: 'Whatever is sent to this collector appears here at once.',
    nothing: 'No line matches',
    nothingHint: (kept: number) => `${lines(kept)} kept here, none of them passes the filter.`,
  },
  beyond: 'These lines are no longer kept; they stay here until you scroll',
  marker: {
    dropped: (value: number) => `${lines(value)} not shown: this page could not keep up, or they were no longer held`,
    away: (from: string, to: string) => `No connection from ${from} to ${to}`,
    restarted: 'The collector was started anew',
    unreadable: 'A message that this page cannot read was passed over',
  },
  // Details
  details: 'Details',
  close: 'Close',
  field: {
    time: 'Time',
    utc: 'UTC',
    arrived: 'Arrived',
    tag: 'Tag',
    label: 'Label',
    container: 'Container',
    level: 'Level',
    from: 'Sent from',
    listener: 'Taken by',
    number: 'Number',
    size: 'Size',
    pieces: 'Pieces',
  },
  wholeSeconds: 'whole seconds only',
  unmatched: 'No match took this line',
  noAddress: 'unknown',
  line: 'Line',
  parsed: 'Line, as JSON',
  fields: 'Fields',
  noFields: 'The record is empty',
  onlyWith: (term: string) => `Only lines with ${term}`,
  without: (term: string) => `No lines with ${term}`,
  copyLine: 'Copy line',
  copyJson: 'Copy as JSON',
  copyLink: 'Copy link',
  linkCopied: 'Link copied',
  around: 'Lines around it',
  aroundHide: 'Hide the lines around it',
  aroundTitle: 'The lines of its container before and after it, whatever the filter',
  pin: (name: string) => `Show ${name} as a column`,
  unpin: (name: string) => `No column ${name}`,
  columns: 'Columns',
  saved: 'Saved',
  save: 'Save this filter',
  unsave: (query: string) => `Forget ${query}`,
  applySaved: (query: string) => `Filter by ${query}`,
  copied: 'Copied',
  copyFailed: 'The browser did not allow it',
  cut: (size: string) => `${size} more are not shown here. Copying takes all of it.`,
  showMore: (size: string) => `Show ${size} more`,
  showLess: 'Show less',
  cutFields: 'There is more than is shown here',
  bytes: (value: number) => plural(value, 'byte', 'bytes'),
  previous: 'Line before',
  next: 'Line after',
  // Status
  connecting: 'Connecting',
  connected: 'Connected',
  away: (since: string) => `Disconnected since ${since}`,
  stopped: (since: string) => `Collector stopped at ${since}`,
  otherVersion: 'The collector is of another version: reload this page',
  perSecond: (value: number) => `${number(value)}/s`,
  perSecondTitle: 'Events per second, over the last two seconds',
  dropped: (value: number) => `${number(value)} dropped`,
  droppedTitle:
    'Events that did not reach this page: it could not keep up, or they were no longer held. The stream is marked there.',
  foundTitle: (ms: number) => `Lines that the query lets pass; the search took ${number(ms)} ms`,
  kept: (value: number) => `${lines(value)} kept`,
  keptTitle: (value: number, size: string) =>
    `This page keeps the newest ${number(value)} lines, and at most ${size} of them. The oldest go first.`,
  memory: 'Memory of this page',
  memoryTitle:
    'How much this page keeps, in this browser. What it has had already it gives back when it is opened anew.',
  memoryChoice: (megabytes: number) =>
    megabytes === 0
      ? 'usual'
      : megabytes < 1024
        ? `${megabytes} MB`
        : `${(megabytes / 1024).toFixed(1).replace('.0', '')} GB`,
  goneShort: (value: number) => `${number(value)} let go`,
  matching: (value: number) => `${number(value)} shown`,
  searching: (percent: number) => `searching, ${percent} %`,
  paused: 'Paused',
  // Login
  login: {
    title: 'This page needs its token',
    hint: 'The collector printed an address with the token in it when it started. Open that address, or enter the token here.',
    label: 'Token',
    submit: 'Open',
    wrong: 'That is not the token of this collector.',
    tooMany: (seconds: number) => `Too many tries. Wait ${plural(seconds, 'second', 'seconds')}.`,
    unreachable: 'The collector does not answer.',
  },
  // Keys
  help: {
    title: 'Keys',
    rows: [
      ['/', 'Filter'],
      ['Space', 'Pause, resume'],
      ['j  k', 'Next line, line before'],
      ['n  N', 'Next line that passes the filter, or passed the last one; the one before'],
      ['g  G', 'First line, newest line'],
      ['Enter', 'Details of the line'],
      ['l', 'Warnings and worse, errors and worse, all'],
      ['t', 'Choose a time'],
      ['c', 'Copy a link to the line, or to what is shown'],
      ['w', 'Wrap long lines'],
      ['Esc', 'Close, clear, follow again'],
      ['?', 'This list'],
    ] as readonly (readonly [string, string])[],
    filter:
      'Words must all be there, in any order; those in lower case fit any case. Quotes hold a phrase together, a minus leaves lines out, OR and ( ) do as one expects.',
    query: 'level>=warn  container:web-*  tag:docker.**  status>=500  user=7  /a+b/i  since:15m',
  },
} as const;
