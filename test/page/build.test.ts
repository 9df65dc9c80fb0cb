// What the build makes of the page: nothing inline, nothing from elsewhere, and not too much of it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { projectRoot } from '../support/project.ts';

const folder = join(projectRoot, 'dist', 'page');
const html = () => readFileSync(join(folder, 'index.html'), 'utf8');

describe('the built page', () => {
  test('has no inline script or style, and asks no other site for anything', () => {
    expect(html()).not.toMatch(/<script(?![^>]*\bsrc=)[^>]*>|<style|\bstyle=|\bon\w+=/i);
    const addresses = [...html().matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address);
    expect(addresses.length).toBeGreaterThan(2);
    expect(addresses.filter((address) => !address?.startsWith('./'))).toEqual([]);
  });

  test('has less than 120 KB of JavaScript, compressed', () => {
    const scripts = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'));
    const bytes = scripts.reduce((sum, name) => sum + gzipSync(readFileSync(join(folder, name))).length, 0);
    console.log(`${scripts.length} script, ${Math.round(bytes / 1024)} KB compressed`);
    expect(scripts.length).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(120 * 1024);
  });

  test('puts no text into the page as markup', () => {
    const sources = readdirSync(join(projectRoot, 'src', 'page'), { recursive: true, encoding: 'utf8' });
    const faults = sources
      .filter((name) => /\.tsx?$/.test(name))
      .filter((name) =>
        /innerHTML|outerHTML|insertAdjacentHTML|document\.write|dangerouslySet|DOMParser|\beval\(|new Function/.test(
          readFileSync(join(projectRoot, 'src', 'page', name), 'utf8'),
        ),
      );
    expect(faults).toEqual([]);
  });
});
