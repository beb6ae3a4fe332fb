/** Milliseconds between two looks at the microphone, and of the tone. */
const look_ms = 100
const tone_ms = 1500

/**
 * Plays a tone in a loudspeaker, and tells how loud it is in a microphone, from 0 to 1, until it is stopped. Both are named
 * by the browser's ids. Rejects where the browser does not let them be used.
 */
export async function tryDevices(
  { microphone, speaker }: { readonly microphone: string; readonly speaker: string },
  onLevel: (level: number) => void
): Promise<() => void> {
  const audio: AudioContext & { setSinkId?: (id: string) => Promise<void> } = new AudioContext()
  const wanted = microphone === 'default' ? true : { deviceId: { exact: microphone } }
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: wanted })
    if (speaker !== 'default') await audio.setSinkId?.(speaker)
    const analyser = audio.createAnalyser()
    audio.createMediaStreamSource(stream).connect(analyser)
    playTone(audio)
    const samples = new Float32Array(analyser.fftSize)
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples)
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length
      // Somebody who speaks is at a tenth of what a microphone can tell.
      onLevel(Math.min(1, Math.sqrt(power) * 5))
    }, look_ms)
    return () => {
      clearInterval(timer)
      for (const track of stream.getTracks()) track.stop()
      void audio.close()
    }
  } catch (error) {
    void audio.close()
    throw error
  }
}

function playTone(audio: AudioContext): void {
  const [tone, level] = [audio.createOscillator(), audio.createGain()]
  tone.frequency.value = 440
  level.gain.value = 0.1
  tone.connect(level).connect(audio.destination)
  tone.start()
  tone.stop(audio.currentTime + tone_ms / 1000)
}
