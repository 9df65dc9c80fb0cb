import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/seed.ts'],
    // Many tests wait for other processes: one file more than cores less one keeps the machine busy.
    maxWorkers: 2,
    reporters: ['default', ['json', { outputFile: 'test/report.json' }]],
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
