#!/usr/bin/env node
// Starts the built program. Written so that any Node reads it, to say which one is needed.

// Before anything else: without a handler USR1 opens Node's inspector, and with --disable-sigusr1 Node 24 calls no handler at all.
process.on('SIGUSR1', () => {});
// The first process of a container has no default for these: until there is something to stop in peace, they end it.
if (process.pid === 1) {
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.once(signal, () => process.exit(0));
  }
}

var major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  process.stderr.write(
    'Forebay needs Node 24 or newer; this is ' +
      process.version +
      '. In the repository `npm start` brings its own; elsewhere install Node 24.\n',
  );
  process.exitCode = 2;
} else {
  import('../dist/cli/main.js')
    .then((program) => program.main(process.argv.slice(2)))
    .then(
      (code) => {
        process.exitCode = code;
      },
      (error) => {
        process.stderr.write(`${error.stack}\n`);
        process.exitCode = 1;
      },
    );
}
