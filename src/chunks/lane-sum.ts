// The checksum of entries, where there are many bytes of them: that of msgpack/assembly/sum.ts, which computes it where it can. Sixteen lanes take
// one word of 32 bits each out of every 64 bytes and mix it in by the round of XXH32 (https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md); at
// the end they are mixed into one number. Each round can be undone, so that damage within one word is always noticed.

const lanes = 16;
const stripe = lanes * 4;
const [prime1, prime2, prime3] = [0x9e37_79b1, 0x85eb_ca77, 0xc2b2_ae3d];

/** 32 bits. Zeros stand in for what the last 64 bytes lack; how many there were counts too. */
export function laneSum(bytes: Uint8Array, seed: number): number {
  const state = Uint32Array.from({ length: lanes }, (_, lane) => seed + Math.imul(lane + 1, prime1));
  const whole = bytes.length - (bytes.length % stripe);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < whole; at += stripe) {
    addStripe(state, view, at);
  }
  if (whole < bytes.length) {
    const last = new Uint8Array(stripe);
    last.set(bytes.subarray(whole));
    addStripe(state, new DataView(last.buffer), 0);
  }
  let sum = seed ^ Math.imul(bytes.length, prime2);
  for (const lane of state) {
    sum = round(sum, lane);
  }
  sum = Math.imul(sum ^ (sum >>> 15), prime2);
  sum = Math.imul(sum ^ (sum >>> 13), prime3);
  return (sum ^ (sum >>> 16)) >>> 0;
}

function addStripe(state: Uint32Array, view: DataView, at: number): void {
  for (let lane = 0; lane < lanes; lane++) {
    state[lane] = round(state[lane] ?? 0, view.getInt32(at + lane * 4, true));
  }
}

function round(lane: number, word: number): number {
  const mixed = (lane + Math.imul(word, prime2)) | 0;
  return Math.imul((mixed << 13) | (mixed >>> 19), prime1);
}
