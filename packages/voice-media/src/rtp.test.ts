import { expect, test } from 'vitest'
import { RtpReceiver, readRtp, writeRtp } from './rtp.ts'

const packet = (sequence: number, more: object = {}) =>
  writeRtp({
    ...{
      payload_type: 0,
      marker: false,
      sequence,
      timestamp: 160 * sequence,
      ssrc: 7,
      payload: Uint8Array.of(sequence)
    },
    ...more
  })

/** What of these packets is heard. */
function heard(packets: readonly Uint8Array[]) {
  const sounds: number[] = []
  const digits: string[] = []
  const receiver = new RtpReceiver(101, {
    sound: (bytes) => sounds.push(...bytes),
    digit: (digit) => digits.push(digit)
  })
  for (const one of packets) receiver.take(one)
  return { sounds, digits }
}

test('what comes twice, late, or in another codec is left out', () => {
  const packets = [packet(1), packet(2), packet(2), packet(1), packet(4), packet(3), packet(5, { payload_type: 8 })]
  expect(heard(packets).sounds).toEqual([1, 2, 4])
})

test('numbers begin anew, and so does another sender', () => {
  const packets = [packet(65_535), packet(0), packet(1), packet(9, { ssrc: 8 }), packet(10, { ssrc: 8 })]
  expect(heard(packets).sounds).toEqual([255, 0, 1, 9, 10])
})

test('a key is one key, however often it is told', () => {
  const key = (timestamp: number, digit: number) =>
    packet(1, { payload_type: 101, timestamp, payload: Uint8Array.of(digit, 10, 0, 160) })
  expect(heard([key(1, 5), key(1, 5), key(1, 5), key(2, 5), key(3, 11), key(4, 99)]).digits).toEqual(['5', '5', '#'])
})

test('nonsense is no packet, and breaks nothing', () => {
  const whole = packet(1, { payload: new Uint8Array(160) })
  let seed = 1
  const random = () => {
    seed = (seed * 48_271) % 0x7fffffff
    return seed
  }
  for (let i = 0; i < 20_000; i++) {
    const bytes = Uint8Array.from(whole.subarray(0, random() % (whole.length + 1)))
    for (let changes = random() % 6; changes > 0; changes--)
      if (bytes.length > 0) bytes[random() % bytes.length] = random() & 0xff
    const read = readRtp(bytes)
    if (read) expect(read.payload.length).toBeLessThanOrEqual(bytes.length - 12)
    heard([bytes])
  }
  expect(readRtp(new Uint8Array(0))).toBeUndefined()
  expect(readRtp(Uint8Array.of(0x80, 200, 0, 1, 0, 0, 0, 7, 0, 0, 0, 0))).toBeUndefined()
})
