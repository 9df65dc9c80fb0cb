// The program: chooses what to do by its command line and its environment.
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Arguments, readArguments, UsageError, usage } from './arguments.ts';
import { version } from './version.ts';
import { readViewerRequest } from './viewer.ts';

/** Runs the command that `args` (behind the program's name) ask for; resolves with the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  let parsed: Arguments;
  try {
    parsed = readArguments(args, words(process.env['FLUENTD_OPT']));
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\n`);
      return 2;
    }
    throw error;
  }
  if (parsed.help) {
    process.stdout.write(usage);
    return 0;
  }
  if (parsed.version) {
    process.stdout.write(`forebay ${version()}\n`);
    return 0;
  }
  return await execute(parsed);
}

async function execute(parsed: Arguments): Promise<number> {
  const { json, strict, control, plugins } = parsed;
  const file = parsed.config ?? configurationFile(process.env);
  switch (parsed.command) {
    case 'health': {
      const { health } = await import('./health.ts');
      return await health({ control, stdout: process.stdout, stderr: process.stderr });
    }
    case 'reload': {
      const { reload } = await import('./reload.ts');
      return await reload({ control, stdout: process.stdout, stderr: process.stderr });
    }
    case 'check': {
      const { check } = await import('./check.ts');
      return await check({ file, json, strict, plugins, write: (text) => process.stdout.write(text) });
    }
    case 'route':
      return await explain(file, parsed);
    case 'run': {
      // Before the rest is loaded.
      const { startLean } = await import('./lean-start.ts');
      const started = startLean();
      const { run } = await import('./run.ts');
      const { verbosity, ignored, watch } = parsed;
      const logFormat = parsed.logFormat ?? (process.stderr.isTTY ? 'text' : 'json');
      const shipped = resolve(file) === shippedConfiguration;
      const viewer = readViewerRequest(parsed.viewer ?? process.env['FOREBAY_VIEWER'], shipped);
      if (typeof viewer === 'string') {
        process.stderr.write(`${viewer}\n`);
        return 2;
      }
      return await run({ file, strict, control, logFormat, plugins, verbosity, ignored, viewer, watch, started });
    }
    case 'init': {
      const { init } = await import('./init.ts');
      const [which, into] = parsed.rest;
      return await init({
        ...{ folder: starters, which, file: into },
        write: (text) => process.stdout.write(text),
        complain: (text) => process.stderr.write(text),
      });
    }
    case 'tail': {
      const { tail } = await import('./tail.ts');
      return await tail({
        ...{ query: parsed.rest, since: parsed.since },
        ...{ url: parsed.url, token: parsed.token, loginFile: parsed.loginFile, env: process.env, control, json },
        ...{ stdout: process.stdout, stderr: process.stderr },
      });
    }
    case 'send': {
      const { send } = await import('./send.ts');
      const { host, port, rest } = parsed;
      return await send({ tag: rest[0], host, port, stdin: process.stdin, stderr: process.stderr });
    }
  }
}

async function explain(file: string, { rest, json, plugins }: Arguments): Promise<number> {
  const { loadPlan } = await import('./load-plan.ts');
  const { describeProblems } = await import('./report.ts');
  const { plan, problems, dropped, sources } = await loadPlan(file, { plugins });
  if (plan === undefined) {
    process.stderr.write(describeProblems(problems, sources, dropped));
    return 2;
  }
  const { route } = await import('./route.ts');
  return await route({
    labels: plan.labels,
    inputs: plan.inputs,
    tags: rest,
    json,
    stdin: process.stdin,
    stdout: process.stdout,
  });
}

/** The configuration of the environment, Fluentd's image's too, else the one that ships. */
function configurationFile(env: NodeJS.ProcessEnv): string {
  const fluentd = env['FLUENTD_CONF'];
  return (
    env['FOREBAY_CONF'] ??
    (fluentd === undefined ? undefined : fluentd.startsWith('/') ? fluentd : `/fluentd/etc/${fluentd}`) ??
    shippedConfiguration
  );
}

const starters = new URL('../../config/starters/', import.meta.url);
const shippedConfiguration = fileURLToPath(new URL('../../config/forebay.conf', import.meta.url));

function words(text: string | undefined): string[] {
  return (text ?? '').split(/\s+/).filter((word) => word !== '');
}
