// Finds plug-ins by kind and type: one file each, in the folder of its kind, loaded when it is asked for. Runs on the sources as well as
// on what the build makes of them.
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Optioned } from '../config/options.ts';

/** What every plug-in's default export has; `create` differs from kind to kind. */
export interface PluginDefinition extends Optioned {
  /** As in the configuration's `@type`. */
  readonly type: string;
  readonly summary: string;
}

/** Where the plug-ins of each kind are. */
export const pluginFolders: Readonly<Record<string, string>> = {
  input: 'inputs',
  output: 'outputs',
  filter: 'filters',
  parser: 'parsers',
  formatter: 'formatters',
  buffer: 'buffers',
};

/** How a type is spelled; nothing else becomes part of a path. */
const typeName = /^[a-z][a-z0-9_]*$/;

export class Registry {
  readonly #base: URL;
  readonly #extension: string;
  readonly #known = new Map<string, readonly string[]>();
  readonly #loaded = new Map<string, Promise<PluginDefinition>>();

  /** `base` is the folder that holds `inputs/`, `outputs/` and the others; `extension` that of the files there. */
  constructor(base = new URL('../', import.meta.url), extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js') {
    this.#base = base;
    this.#extension = extension;
  }

  /**
   * Takes the plug-ins of a folder in: each `.js`, `.mjs` or `.ts` file there has one as its default export, and comes before a shipped one
   * of the same type. Resolves with the names of the files that are Ruby's. Rejects when a file cannot be loaded or is no plug-in.
   */
  async addFolder(folder: string): Promise<readonly string[]> {
    const files = readdirSync(folder).sort();
    for (const file of files.filter((name) => /\.(?:js|mjs|ts)$/.test(name) && !name.endsWith('.d.ts'))) {
      const path = resolve(folder, file);
      const loaded = (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
      if (!isDefinition(loaded.default) || !Object.hasOwn(pluginFolders, loaded.default.kind)) {
        throw new TypeError(`The default export of ${path} defines no plug-in.`);
      }
      const { kind, type } = loaded.default;
      this.#loaded.set(`${kind}/${type}`, Promise.resolve(loaded.default));
      this.#known.set(kind, [...new Set([...this.known(kind), type])].sort());
    }
    return files.filter((name) => name.endsWith('.rb'));
  }

  /** The types of a kind, sorted; none where the kind is unknown. */
  known(kind: string): readonly string[] {
    let types = this.#known.get(kind);
    if (types === undefined) {
      types = this.#list(kind);
      this.#known.set(kind, types);
    }
    return types;
  }

  /** The plug-in of a kind and type, undefined if there is none. Rejects when its file cannot be loaded or is no such plug-in. */
  async load(kind: string, type: string): Promise<PluginDefinition | undefined> {
    if (!this.known(kind).includes(type)) {
      return undefined;
    }
    const key = `${kind}/${type}`;
    let loaded = this.#loaded.get(key);
    if (loaded === undefined) {
      loaded = this.#import(kind, type);
      this.#loaded.set(key, loaded);
    }
    return await loaded;
  }

  #list(kind: string): readonly string[] {
    const folder = this.#folder(kind);
    if (folder === undefined) {
      return [];
    }
    try {
      return readdirSync(folder)
        .filter((file) => file.endsWith(this.#extension))
        .map((file) => file.slice(0, -this.#extension.length))
        .filter((type) => typeName.test(type))
        .sort();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
        return [];
      }
      throw error;
    }
  }

  #folder(kind: string): URL | undefined {
    return Object.hasOwn(pluginFolders, kind) ? new URL(`${pluginFolders[kind]}/`, this.#base) : undefined;
  }

  async #import(kind: string, type: string): Promise<PluginDefinition> {
    const url = new URL(`${type}${this.#extension}`, this.#folder(kind));
    const loaded = (await import(url.href)) as { readonly default?: unknown };
    if (!isDefinition(loaded.default) || loaded.default.kind !== kind || loaded.default.type !== type) {
      throw new TypeError(
        `The default export of ${pluginFolders[kind]}/${type} does not define the ${kind} "${type}".`,
      );
    }
    return loaded.default;
  }
}

function isDefinition(value: unknown): value is PluginDefinition {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as PluginDefinition).kind === 'string' &&
    typeof (value as PluginDefinition).type === 'string' &&
    typeof (value as PluginDefinition).options === 'object'
  );
}
