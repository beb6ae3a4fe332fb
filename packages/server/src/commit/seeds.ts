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
  return [drawn(), drawn(), drawn(), drawn()]
}

function drawn(): number {
  return bits[used++] ?? 0 // its length is a multiple of four
}
