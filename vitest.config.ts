import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: [],
    reporters: ['default', ['json', { outputFile: 'test/report.json' }]],
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
