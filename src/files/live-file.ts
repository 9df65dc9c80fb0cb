// A file as it is being written: its name and its writer.
import type { Area } from './area-queue.ts';
import type { FileName, OpenableFile } from './file-opener.ts';
import type { FileWriter } from './file-writer.ts';

/** One file of a FileSet. */
export class LiveFile implements OpenableFile {
  readonly key: string;
  readonly name: FileName;
  readonly writer: FileWriter;
  /** Below the base; undefined until it is opened. */
  path: string | undefined;
  lastWrite = 0;

  constructor(key: string, name: FileName, writer: (file: LiveFile) => FileWriter) {
    this.key = key;
    this.name = name;
    this.writer = writer(this);
  }

  get torn(): boolean {
    return this.writer.torn;
  }

  get area(): Area {
    return this.writer.area;
  }

  nextArea(size?: number): Area {
    return this.writer.nextArea(size);
  }
}
