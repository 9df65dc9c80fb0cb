// File outputs of a test file: what its tests start is stopped behind each of them, has no file open then, and is removed.
import { afterEach, expect } from 'vitest';
import { openIn, startFile, type TestFile } from './file-harness.ts';

/** To be called at the top of a test file. `again` starts an output anew, as after a restart. */
export function fileStage() {
  const started: TestFile[] = [];
  const keep = (file: TestFile) => {
    started.push(file);
    return file;
  };
  afterEach(async () => {
    await Promise.all(started.map((file) => file.stop()));
    for (const file of started.splice(0)) {
      expect(openIn(file.folder)).toEqual([]);
      file.remove();
    }
  });
  return {
    /** What the test at hand has started. */
    started: started as readonly TestFile[],
    start: async (body: string) => keep(await startFile(body)),
    again: async (file: TestFile) => keep(await file.again()),
  };
}
