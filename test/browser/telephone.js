/* In the page, before the SDK: its server is on this machine, without TLS. After it, `telephone` is what tests press. */
const sockets = []
const happened = []

class Plain extends globalThis.WebSocket {
  constructor(address, protocols) {
    super(String(address).replace(/^wss:/, 'ws:'), protocols)
    sockets.push(this)
  }
}
globalThis.WebSocket = Plain

const followed = ['accept', 'cancel', 'disconnect', 'reject', 'ringing', 'reconnecting', 'reconnected']

globalThis.telephone = {
  happened,
  device: undefined,
  current: undefined,

  async register(token, options) {
    const device = new globalThis.Twilio.Device(token, { closeProtection: false, logLevel: 'silent', ...options })
    this.device = device
    device.on('error', ({ code }) => happened.push(`device error ${code}`))
    device.on('incoming', (call) => {
      happened.push('incoming')
      this.follow(call)
    })
    for (const event of ['registered', 'unregistered']) device.on(event, () => happened.push(event))
    await device.register()
  },

  async call(to, parameters) {
    this.follow(await this.device.connect({ params: { To: to, ...parameters } }))
  },

  follow(call) {
    this.current = call
    for (const event of followed) call.on(event, () => happened.push(event))
    call.on('error', ({ code }) => happened.push(`call error ${code}`))
  },

  async hears(tones) {
    const stream = this.current?.getRemoteStream()
    if (!stream) return []
    const audio = new AudioContext()
    const analyser = audio.createAnalyser()
    analyser.fftSize = 8192
    analyser.smoothingTimeConstant = 0
    audio.createMediaStreamSource(stream).connect(analyser)
    await new Promise((resolve) => setTimeout(resolve, 300))
    const levels = new Float32Array(analyser.frequencyBinCount)
    analyser.getFloatFrequencyData(levels)
    const width = audio.sampleRate / analyser.fftSize
    await audio.close()
    return tones.filter((tone) => {
      const bin = Math.round(tone / width)
      return Math.max(...levels.subarray(bin - 1, bin + 2)) > -50
    })
  },

  cut() {
    for (const socket of sockets) socket.close()
  }
}
