// What is delivered beside the program: packages that are pinned, the list of them, and the service for systemd.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { projectRoot } from './support/project.ts';

const read = (path: string) => readFileSync(join(projectRoot, path), 'utf8');

interface Locked {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly inBundle?: boolean;
  readonly dev?: boolean;
  readonly version?: string;
}

const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };
const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };

test('each package is pinned to a version of the registry, with its hash', () => {
  const loose = Object.entries(packages)
    .filter(([path, { inBundle }]) => path !== '' && inBundle !== true)
    .filter(
      ([, { resolved, integrity }]) =>
        !(resolved ?? 'https://registry.npmjs.org/').startsWith('https://registry.npmjs.org/') ||
        !/^sha512-/.test(integrity ?? ''),
    )
    .map(([path]) => path);
  expect(loose).toEqual([]);
  expect(Object.keys(packages).length).toBeGreaterThan(50);
});

test('the list of packages has all that run with the program, at the versions that are installed, and none of the others', () => {
  const text = execFileSync(process.execPath, [join(projectRoot, 'docker', 'sbom.js')], { encoding: 'utf8' });
  const list = JSON.parse(text) as { bomFormat: string; components: { name: string; version: string }[] };
  expect(list.bomFormat).toBe('CycloneDX');
  const found = new Map(list.components.map(({ name, version }) => [name, version]));
  for (const name of Object.keys(dependencies)) {
    expect([name, found.get(name)]).toEqual([name, packages[`node_modules/${name}`]?.version]);
  }
  expect(found.has('vite') || found.has('typescript')).toBe(false);
});

describe('the service for systemd', () => {
  const unit = 'config/systemd/forebay.service';
  const lines = read(unit).split('\n');

  test.each([
    'DynamicUser=yes',
    'NoNewPrivileges=yes',
    'CapabilityBoundingSet=',
    'AmbientCapabilities=',
    'ProtectSystem=strict',
    'ProtectHome=yes',
    'PrivateDevices=yes',
    'RestrictNamespaces=yes',
    'RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX',
    'SystemCallFilter=@system-service',
    'SystemCallArchitectures=native',
  ])('says %s', (line) => {
    expect(lines).toContain(line);
  });

  test('starts a program that is there, with a folder for its control socket and its logs', () => {
    const start = lines.find((line) => line.startsWith('ExecStart='));
    const [, path = ''] = /\/opt\/forebay\/(\S+) run /.exec(start ?? '') ?? [];
    expect(existsSync(join(projectRoot, path))).toBe(true);
    expect(lines).toEqual(
      expect.arrayContaining(['RuntimeDirectory=forebay', 'LogsDirectory=forebay', 'StateDirectory=forebay']),
    );
  });

  test('leaves little open in the eyes of systemd, where it is installed', () => {
    const { status, stdout, error } = spawnSync(
      'systemd-analyze',
      ['security', '--offline=true', '--threshold=20', join(projectRoot, unit)],
      { encoding: 'utf8' },
    );
    if (error !== undefined || !stdout.includes('Overall exposure')) {
      process.stdout.write('systemd-analyze is not installed, or too old: the directives above were looked at only.\n');
      return;
    }
    expect([status, /exposure level for \S+: ([\d.]+)/.exec(stdout)?.[1]]).toEqual([
      0,
      expect.stringMatching(/^[01]\./),
    ]);
  });
});

describe('the image', () => {
  const dockerfile = read('docker/Dockerfile');
  const compose = read('docker/compose.yaml');

  test('runs as a user that is not root, by number, with what it writes in volumes', () => {
    expect(/^USER (\d+)$/m.exec(dockerfile)?.[1]).toMatch(/^[1-9]/);
    expect(dockerfile).toMatch(/^VOLUME \/run\/forebay$/m);
    expect(dockerfile).not.toMatch(/\bsetcap\b|\bchmod [ugo+]*s\b|\bsudo\b/);
  });

  test('has the list of its packages, and none that is not pinned', () => {
    expect(dockerfile).toMatch(/npm ci --ignore-scripts .*docker\/sbom\.js > dist\/sbom\.cdx\.json/s);
    expect(dockerfile).not.toMatch(/npm install|apt-get install|curl|wget/);
  });

  test('is shown on a read-only root, without capabilities or new privileges, behind the default filter of system calls', () => {
    const collector = compose.slice(compose.indexOf('  forebay:'), compose.indexOf('  app:'));
    for (const line of ['read_only: true', 'cap_drop: [ALL]', 'security_opt: ["no-new-privileges:true"]']) {
      expect(collector).toContain(`    ${line}\n`);
    }
    expect(collector).not.toMatch(/seccomp|privileged: true|cap_add|apparmor/);
  });
});
