// Containers of the project's image in an engine of the tests: running them, and waiting for what they print and become.
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type DockerEngine, type DockerResult, runProgram } from './docker.ts';
import { requireProgram } from './system.ts';

/** The name that `start` gives. */
const name = 'forebay';

export class Containers {
  readonly #engine: DockerEngine;

  constructor(engine: DockerEngine) {
    this.#engine = engine;
  }

  /** Starts the image as container `forebay`, and resolves when it says that it runs. */
  async start(flags: readonly string[], args: readonly string[] = []): Promise<void> {
    await this.#engine.docker(['run', '-d', '--name', name, ...flags, 'forebay', ...args]);
    await this.untilRunning();
  }

  /** Runs the image to its end. */
  async runToEnd(flags: readonly string[], args: readonly string[] = []): Promise<DockerResult> {
    return await this.#engine.run(['run', '--rm', ...flags, 'forebay', ...args]);
  }

  async untilRunning(container = name): Promise<void> {
    await this.logs((lines) => lines.some((line) => line.includes('Forebay is running')), container);
  }

  /** The lines of both streams, as soon as `enough` says so. */
  async logs(enough: (lines: readonly string[]) => boolean = () => true, container = name): Promise<string[]> {
    for (const end = performance.now() + 20_000; ; await delay(50)) {
      const { stdout, stderr } = await this.#engine.run(['logs', container]);
      const lines = `${stdout}${stderr}`.split('\n').filter((line) => line !== '');
      if (enough(lines)) return lines;
      if (performance.now() > end) throw new Error(`not in time:\n${lines.join('\n')}`);
    }
  }

  async inspect(format: string, subject = name): Promise<string> {
    return await this.#engine.docker(['inspect', '--format', format, subject]);
  }

  async untilHealth(wanted: string): Promise<void> {
    for (const end = performance.now() + 30_000; ; await delay(100)) {
      const health = await this.inspect('{{.State.Health.Status}}');
      if (health === wanted) return;
      if (performance.now() > end) throw new Error(`it is ${health}:\n${(await this.logs()).join('\n')}`);
    }
  }

  /** Runs lines as a person types them, with `docker` being the client of this engine. Throws where one fails. */
  async shell(script: string, cwd: string): Promise<string> {
    const path = `${dirname(requireProgram('docker'))}:${process.env['PATH'] ?? ''}`;
    const settings = { env: { ...this.#engine.env, PATH: path }, timeout: 60_000, cwd };
    const { stdout, stderr, code } = await runProgram('sh', ['-ec', script], settings);
    if (code !== 0) throw new Error(`${script} ended with ${code}: ${stdout}${stderr}`);
    return stdout;
  }

  /** Removes all containers with their volumes, of whatever image. */
  async removeAll(): Promise<void> {
    const left = await this.#engine.docker(['ps', '-aq']);
    if (left !== '') await this.#engine.docker(['rm', '-f', '-v', ...left.split('\n')]);
  }
}
