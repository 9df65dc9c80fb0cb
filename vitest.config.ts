import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/seed.ts'],
    // Many tests wait for other processes: one file more than there are cores keeps the machine busy.
    maxWorkers: 3,
    // On the shared machine of CI a browser or an engine may be late: one more try, which the report names. At home there is none.
    retry: process.env['CI'] === undefined ? 0 : 1,
    reporters: ['default', ['json', { outputFile: 'test/report.json' }]],
    // Of a machine that does much else beside: what hangs is still found.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
