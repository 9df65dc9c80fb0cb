// The page's hot loops as WebAssembly: taking events into columns, and finding a text in them. Positions in, positions out; where things
// stand is layout.ts's, the specification is kernel-plain.ts.
export { find } from './find';
export { lineLevel } from './level';
export { scan } from './scan';
