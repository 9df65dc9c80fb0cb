// The hot loop as WebAssembly: what it offers to wasm.ts. All of it works in the one memory of the process and takes and returns positions.
export { addFields } from './edit';
export { frame, headRoom, patchRoom } from './frame';
export { grep } from './grep';
export { lines } from './lines';
export { skip, skipStack } from './skip';
export { sum } from './sum';
export { within } from './times';
export { entries, messages } from './walk';
