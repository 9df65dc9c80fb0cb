// Writes chunks that another output does not take to files, one each or all into one, as Fluentd's out_secondary_file does: the events as msgpack
// [time, record], one behind the other. It stands in <secondary> only.
import { constants } from 'node:fs';
import fs from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, createZstdCompress } from 'node:zlib';
import { type Options, p, type Values } from '../config/options.ts';
import { refuseOptions } from '../config/refuse-option.ts';
import { checkWritable } from '../files/writable-folder.ts';
import type { Chunk } from '../plugin/buffer.ts';
import type { ChunkKeys } from '../plugin/buffer-options.ts';
import { type ChunkOutput, defineOutput, type OutputContext } from '../plugin/output.ts';
import { checkPlaces, constantLength, Template } from '../plugin/placeholders.ts';
import { safePath } from '../plugin/safe-name.ts';

const options = {
  directory: p.string({
    desc: `The folder, with placeholders: $\{tag}, $\{tag[N]}, $\{field}, %Y%m%d, $\{chunk_id}.`,
    required: true,
  }),
  basename: p.string({ desc: 'The name of files, with the same placeholders.', default: 'dump.bin' }),
  append: p.bool({ desc: 'One file instead of one for each chunk, with a number behind its name.', default: 'false' }),
  compress: p.enum({ desc: 'How files are compressed.', values: ['text', 'gzip', 'zstd'], default: 'text' }),
} satisfies Options;

const idPlace = '${chunk_id}';
const suffixes = { text: '', gzip: '.gz', zstd: '.zst' } as const;
const noKeys: ChunkKeys = { time: undefined, tag: false, fields: [] };

export default defineOutput({
  type: 'secondary_file',
  summary: 'In <secondary>: writes chunks that the output does not take to files.',
  options,
  check({ directory, basename }, element, report) {
    const refuse = refuseOptions(element, report);
    if (element.name !== 'secondary') {
      refuse('@type', 'secondary_file stands in <secondary> only.', 'Write @type file, or move it into <secondary>.');
    }
    if (basename.includes('/')) {
      refuse('basename', 'basename holds a slash.', 'Write the folder into directory.');
    }
    if (`${directory}${basename}`.includes('\0')) {
      refuse('directory', 'directory or basename holds a NUL character.', 'Remove it.');
    }
  },
  checkSecondary({ directory, basename }, keys, refuse) {
    checkPlaces('directory', directory.replaceAll(idPlace, ''), keys, refuse);
    checkPlaces('basename', basename.replaceAll(idPlace, ''), keys, refuse);
  },
  create(context, values) {
    return new SecondaryFile(context, values);
  },
});

class SecondaryFile implements ChunkOutput {
  readonly takesText = true;
  readonly #values: Values<typeof options>;
  readonly #keys: ChunkKeys;
  /** The part of the folder that the configuration says alone. */
  readonly #base: string;
  readonly #rest: string;
  /** Folders that were made and are not synced yet, with the outermost one that was made for each. */
  readonly #made = new Map<string, string>();
  /** One file at a time: two chunks are not to have the same name. */
  #last: Promise<void> = Promise.resolve();

  constructor({ chunkKeys = noKeys }: OutputContext, values: Values<typeof options>) {
    this.#values = values;
    this.#keys = chunkKeys;
    const { directory } = values;
    const constant = directory.slice(0, constantLength(directory, chunkKeys));
    const whole = constant === directory ? constant : constant.slice(0, constant.lastIndexOf('/') + 1);
    this.#base = whole === '' ? '.' : whole;
    this.#rest = directory.slice(whole.length);
  }

  async start(): Promise<void> {
    checkWritable(this.#base);
  }

  write(chunk: Chunk): Promise<void> {
    const written = this.#last.then(() => this.#write(chunk));
    this.#last = written.catch(() => undefined);
    return written;
  }

  async stop(): Promise<void> {
    await this.#last;
  }

  async #write(chunk: Chunk): Promise<void> {
    const { append, compress } = this.#values;
    const path = join(this.#base, this.#name(chunk));
    const folder = dirname(path);
    const made = await fs.mkdir(folder, { recursive: true, mode: 0o755 });
    if (made !== undefined) {
      this.#made.set(folder, made);
    }
    if (append) {
      await this.#append(chunk, path + suffixes[compress]);
      await this.#syncNames(folder);
      return;
    }
    const unfinished = `${path}.${chunk.id}.tmp`;
    try {
      await this.#fill(await fs.open(unfinished, 'w', 0o644), chunk);
      await linkFree(unfinished, (number) => `${path}.${number}${suffixes[compress]}`);
    } finally {
      await fs.unlink(unfinished).catch(() => undefined);
    }
    await this.#syncNames(folder);
  }

  /** A chunk of which only a part could be written leaves nothing behind: it comes again. */
  async #append(chunk: Chunk, path: string): Promise<void> {
    const file = await fs.open(path, 'a', 0o644);
    const { size } = await file.stat();
    try {
      await this.#fill(file, chunk);
    } catch (error) {
      await fs.truncate(path, size);
      throw error;
    }
  }

  /** Writes the chunk, syncs and closes the file: what comes here would be lost with it. */
  async #fill(file: fs.FileHandle, chunk: Chunk): Promise<void> {
    const { compress } = this.#values;
    const bytes = Readable.from(chunk.text?.() ?? entriesOf(chunk), { objectMode: false });
    const out = file.createWriteStream({ flush: true });
    if (compress === 'text') {
      await pipeline(bytes, out);
    } else {
      await pipeline(bytes, compress === 'gzip' ? createGzip() : createZstdCompress(), out);
    }
  }

  /** Syncs the names in a folder, and those of the folders around it that were made for it. */
  async #syncNames(folder: string): Promise<void> {
    const made = this.#made.get(folder);
    const last = made === undefined ? folder : dirname(made);
    let at = folder;
    for (; at !== last && at !== dirname(at); at = dirname(at)) {
      await syncFolder(at);
    }
    await syncFolder(at);
    this.#made.delete(folder);
  }

  #name({ metadata, id }: Chunk): string {
    const { timekey = 0, tag, variables } = metadata;
    const values = {
      time: timekey,
      tag: tag?.text ?? '',
      fields: this.#keys.fields.map(({ text }) => variables.get(text) ?? ''),
    };
    const text = join(this.#rest, this.#values.basename).replaceAll(idPlace, id);
    return safePath(new Template(text, this.#keys).render(values));
  }
}

/** Copies, because a stream may hold on to what it was given. */
async function* entriesOf(chunk: Chunk): AsyncGenerator<Uint8Array, void, void> {
  for await (const { entries } of chunk.batches()) {
    yield Buffer.from(entries);
  }
}

/** Syncs the names in it. */
async function syncFolder(path: string): Promise<void> {
  const folder = await fs.open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Gives the file the first name that is free. */
async function linkFree(from: string, name: (number: number) => string): Promise<void> {
  for (let number = 0; ; number++) {
    try {
      await fs.link(from, name(number));
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw error;
      }
    }
  }
}
