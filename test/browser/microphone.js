/* A microphone that says the tone that stands in `microphoneTone`. */
navigator.mediaDevices.getUserMedia = async () => {
  const audio = await playing()
  const [oscillator, gain, end] = [audio.createOscillator(), audio.createGain(), audio.createMediaStreamDestination()]
  oscillator.frequency.value = globalThis.microphoneTone
  gain.gain.value = 0.3
  oscillator.connect(gain).connect(end)
  oscillator.start()
  return end.stream
}

/** Sound whose time goes on: now and then a browser's does not, and a microphone that stands still says nothing at all. */
async function playing() {
  for (;;) {
    const audio = new AudioContext()
    for (let looks = 0; looks < 40 && audio.currentTime === 0; looks++)
      await new Promise((resolve) => setTimeout(resolve, 25))
    if (audio.currentTime > 0) return audio
    await audio.close()
  }
}
