// What a person sees who starts the real program in a way that cannot work.
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runForebay } from '../support/forebay.ts';
import { freePort, isPortFree } from '../support/ports.ts';
import { type TempFolder, tempFolder } from '../support/temp.ts';

let temp: TempFolder;
beforeAll(() => {
  temp = tempFolder('start');
});
afterAll(() => temp.remove());

function write(text: string): string {
  const file = join(temp.path, 'test.conf');
  writeFileSync(file, text);
  return file;
}

test('a broken configuration names every place, starts nothing and exits with 2', async () => {
  const port = await freePort();
  const good = `<source>\n  @type forward\n  port ${port}\n</source>\n`;
  const file = write(`${good}<match docker.**>\n  @type stdot\n</match>\n<match **>\n  @type\n</match>\n`);
  const { code, stdout, stderr } = await runForebay(['run', '-c', file]);
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toContain(`${file}:6:`);
  expect(stderr).toContain(`${file}:9:`);
  expect(stderr).toMatch(/^\s*\^|\|\s*\^/m);
  expect(stderr).toContain('stdout');
  expect(await isPortFree(port)).toBe(true);
});

test('a configuration file that is not there exits with 2 and names the file', async () => {
  const file = join(temp.path, 'absent.conf');
  const { code, stderr } = await runForebay(['run', '-c', file]);
  expect(code).toBe(2);
  expect(stderr).toContain(file);
});

test('a port in use is named and exits with 1', async () => {
  const port = await freePort();
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(port, '0.0.0.0', resolve));
  try {
    const file = write(`<source>\n  @type forward\n  port ${port}\n</source>\n<match **>\n  @type stdout\n</match>\n`);
    const { code, stdout, stderr } = await runForebay(['run', '-c', file]);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain(String(port));
    expect(stderr).toContain('PORT_IN_USE');
  } finally {
    holder.close();
  }
});
