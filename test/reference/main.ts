// Writes the reference: `npm run docs:reference`.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { referencePages, refusedList, withList } from './reference.ts';

const folder = new URL('../../config/reference/', import.meta.url);
const readme = new URL('../../config/README.md', import.meta.url);
const pages = await referencePages();
for (const name of readdirSync(folder).filter((one) => one.endsWith('.md') && !pages.has(one))) {
  rmSync(new URL(name, folder));
}
for (const [name, text] of pages) {
  writeFileSync(new URL(name, folder), text);
}
writeFileSync(readme, withList(readFileSync(readme, 'utf8'), refusedList()));
