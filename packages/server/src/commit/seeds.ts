import { randomFillSync } from 'node:crypto'
import type { Seed } from '@ringdown/engine/core/ids'

/** Random bits are drawn ahead: asking the system for each decision costs as much as parsing its request. */
const bits = new Uint32Array(1024)
let used = bits.length

/** 128 random bits for one decision. */
export function drawSeed(): Seed {
  if (used === bits.length) {
    randomFillSync(bits)
    used = 0
  }
  const seed = bits.subarray(used, used + 4)
  used += 4
  return [seed[0] as number, seed[1] as number, seed[2] as number, seed[3] as number] // its length is a multiple of four
}
