// The page's hot loops as WebAssembly: taking events into columns, finding texts in them, picking and counting events. Positions in, positions
// out; where things stand is layout.ts's, the specification are kernel-plain.ts and kernel-plain-search.ts.
export { countLevels, countNumbers, countSeconds } from './count';
export { find } from './find';
export { lineLevel } from './level';
export { pickFlags, pickLevels, pickNumbers } from './pick';
export { scan } from './scan';
