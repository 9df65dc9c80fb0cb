// Prints what runs with the program, package by package, as CycloneDX 1.5, out of package-lock.json. (`npm sbom --omit dev` leaves out packages
// that a development tool could use too.)
import { readFileSync } from 'node:fs';

const { packages } = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'));
const own = packages[''];

const components = Object.entries(packages)
  .filter(([path, { dev, devOptional, link }]) => path !== '' && !dev && !devOptional && !link)
  .map(([path, { version, integrity, license }]) => {
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const [, algorithm, hash] = /^(sha\d+)-(.+)$/.exec(integrity ?? '') ?? [];
    return {
      type: 'library',
      'bom-ref': `${path}@${version}`,
      name,
      version,
      purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
      ...(hash && {
        hashes: [{ alg: algorithm.replace('sha', 'SHA-'), content: Buffer.from(hash, 'base64').toString('hex') }],
      }),
      ...(license && { licenses: [{ expression: license }] }),
    };
  });

const bom = {
  bomFormat: 'CycloneDX',
  specVersion: '1.5',
  version: 1,
  metadata: {
    component: { type: 'application', name: own.name, version: own.version, licenses: [{ expression: own.license }] },
  },
  components,
};
process.stdout.write(`${JSON.stringify(bom, undefined, 2)}\n`);
