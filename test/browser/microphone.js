/* A microphone that says the tone that stands in `microphoneTone`. */
navigator.mediaDevices.getUserMedia = async () => {
  const audio = new AudioContext()
  const [oscillator, gain, end] = [audio.createOscillator(), audio.createGain(), audio.createMediaStreamDestination()]
  oscillator.frequency.value = globalThis.microphoneTone
  gain.gain.value = 0.3
  oscillator.connect(gain).connect(end)
  oscillator.start()
  return end.stream
}
