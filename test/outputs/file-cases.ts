// Runs a case of vectors/out_file.json or placeholders.json: its configuration becomes a real output that writes into a temporary folder.
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { loadPlan } from '../../src/cli/load-plan.ts';
import { tagFromText } from '../../src/core/batch.ts';
import type { Output } from '../../src/plugin/output.ts';
import { batchOf, entry, inZone, testContext, type VectorTime } from '../formatters/harness.ts';
import { tempFolder } from '../support/temp.ts';

interface VectorEvent {
  readonly tag: string;
  readonly time: VectorTime;
  readonly record_msgpack_hex: string;
}

type Phase = Readonly<Record<string, { readonly text?: string; readonly symlink?: string }>>;

export interface FileCase {
  readonly name: string;
  readonly TZ: string;
  readonly config: string;
  readonly note?: string;
  readonly events: readonly (readonly VectorEvent[])[];
  readonly refused?: unknown;
  readonly phases?: Readonly<Record<string, Phase | 'same as before'>>;
}

/** Files by their names, and what is in them; of a link ` -> ` and where it leads. */
export type Files = Readonly<Record<string, string>>;

export interface CaseResult {
  readonly refused: boolean;
  /** By phase: before the first flush, behind each flush, and behind the end. */
  readonly phases: Readonly<Record<string, Files>>;
}

/** Where a case asks for a buffer on disk, it is run without one: what is there behind a flush is the same. */
function withoutBuffer(config: string): string {
  return config.replace('@type file\npath DIR/buf\n', '').replace('buffer_type file\nbuffer_path DIR/oldbuf.*\n', '');
}

/** What Fluentd wrote in a phase. */
export function filesOf(each: FileCase, phase: string): Files {
  const found = each.phases?.[phase];
  if (found === 'same as before') {
    const names = Object.keys(each.phases ?? {});
    return filesOf(each, names[names.indexOf(phase) - 1] ?? '');
  }
  return Object.fromEntries(
    Object.entries(found ?? {}).flatMap(([name, { text, symlink }]) => {
      const shown = text ?? (symlink === undefined ? undefined : ` -> ${symlink}`);
      return shown === undefined ? [] : [[name, shown]];
    }),
  );
}

export async function runCase(each: FileCase): Promise<CaseResult> {
  const temp = tempFolder('file');
  const data = join(temp.path, 'data');
  try {
    return await inZone(each.TZ, async () => {
      const output = await load(withoutBuffer(each.config).replaceAll('DIR', data), join(temp.path, 'test.conf'));
      if (output === undefined) {
        return { refused: true, phases: {} };
      }
      await output.start?.();
      const phases: Record<string, Files> = {};
      const flushes = each.note?.includes('no USR1') !== true;
      for (const [index, events] of each.events.entries()) {
        await send(output, events);
        if (index === 0) {
          phases['after_first_events'] = shownIn(data);
        }
        if (flushes) {
          output.flush?.();
        }
        phases[index === 0 ? 'after_flush' : 'after_second_flush'] = shownIn(data);
      }
      await output.stop(AbortSignal.timeout(5000));
      phases['after_shutdown'] = shownIn(data);
      return { refused: false, phases };
    });
  } finally {
    temp.remove();
  }
}

async function load(config: string, file: string): Promise<Output | undefined> {
  writeFileSync(file, `${config}\n`);
  const { plan } = await loadPlan(file);
  const rule = plan?.labels.get('@ROOT')?.[0];
  const output = rule?.kind === 'match' ? rule.definition.create(testContext(), rule.options) : undefined;
  return output !== undefined && 'emit' in output ? output : undefined;
}

async function send(output: Output, events: readonly VectorEvent[]): Promise<void> {
  for (const { tag, time, record_msgpack_hex: record } of events) {
    const bytes = entry(time, Buffer.from(record, 'hex'));
    await output.emit(batchOf(tagFromText(tag), bytes, 1, [Uint8Array.of(0xc0)]));
  }
}

/** Files unpacked, and links. */
function shownIn(folder: string): Files {
  const files: Record<string, string> = { ...filesIn(folder) };
  for (const name of Object.keys(files)) {
    const bytes = () => readFileSync(join(folder, name));
    if (name.endsWith('.gz')) {
      files[name] = gunzipSync(bytes()).toString();
    } else if (name.endsWith('.zstd')) {
      files[name] = zstdDecompressSync(bytes()).toString();
    }
  }
  try {
    for (const each of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (each.isSymbolicLink()) {
        const path = join(each.parentPath, each.name);
        files[path.slice(folder.length + 1)] = ` -> ${readlinkSync(path).replace(folder, 'DIR')}`;
      }
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw error;
    }
  }
  return files;
}

export function filesIn(folder: string): Files {
  const files: Record<string, string> = {};
  const walk = (below: string) => {
    for (const each of readdirSync(join(folder, below), { withFileTypes: true })) {
      const name = below === '' ? each.name : `${below}/${each.name}`;
      if (each.isDirectory()) {
        walk(name);
      } else if (each.isFile()) {
        files[name] = readFileSync(join(folder, name), 'utf8');
      }
    }
  };
  try {
    walk('');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw error;
    }
  }
  return files;
}
