// The seed of all property tests: the same in each run, so that a commit passes or fails by what it changed.
// `SEED=random npx vitest run …` looks for what no run has seen yet; a failure prints its seed, `SEED=<it>` repeats it.
import fc from 'fast-check';

const chosen = process.env['SEED'] ?? '1124';
fc.configureGlobal({ seed: chosen === 'random' ? Math.trunc(Math.random() * 2 ** 31) : Number(chosen) });
