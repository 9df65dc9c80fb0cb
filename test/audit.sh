#!/usr/bin/env bash
# Asks npm's registry whether it knows of holes in what runs with the program. Fails where one is high or critical. A registry that does not
# answer (no network, a mirror without this service) is no failure: it says why there is no answer.
set -uo pipefail
cd "$(dirname "$0")/.."

report=$(npm audit --omit=dev --json --fetch-retries=0 --fetch-timeout=20000 2>/dev/null)
node --input-type=commonjs - "$report" <<'JS'
let report;
try {
  report = JSON.parse(process.argv[2]);
} catch {
  report = { message: 'npm audit printed no report' };
}
const found = report.metadata?.vulnerabilities;
if (found === undefined) {
  const why = report.message ?? report.error?.summary ?? report.error?.code ?? 'no reason was given';
  console.log(`npm audit: no answer from the registry (${String(why).split('\n')[0]}); nothing was checked.`);
} else {
  const names = Object.values(report.vulnerabilities ?? {}).map(({ name, severity }) => `${name} (${severity})`);
  console.log(`npm audit: ${found.total} known holes in dependencies of the program. ${names.join(', ')}`);
  process.exitCode = found.high + found.critical > 0 ? 1 : 0;
}
JS
