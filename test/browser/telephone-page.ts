import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { patience_ms } from './patience.ts'

/*
 * Pages with the unmodified `@twilio/voice-sdk`. Their microphones say a tone each, and they tell which tones they hear.
 */

const library = readFileSync(
  join(dirname(createRequire(import.meta.url).resolve('@twilio/voice-sdk')), '../dist/twilio.min.js'),
  'utf8'
)

const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8')

/** What gives a page a microphone that says a tone. */
export function microphoneOf(tone: number): string {
  return `globalThis.microphoneTone = ${tone};\n${read('microphone.js')}`
}

/** What the script has for tests. */
interface Telephone {
  /** Makes a device and registers it. */
  register(token: string, options: object): Promise<void>
  call(to: string, parameters: Record<string, string>): Promise<void>
  /** What has happened, with the names of the SDK's events. */
  readonly happened: string[]
  readonly device: SdkDevice
  readonly current: SdkCall | undefined
  /** Which of these tones are heard now. */
  hears(tones: readonly number[]): Promise<number[]>
  /** Cuts the socket, as a network does. */
  cut(): void
}

interface SdkDevice {
  unregister(): Promise<void>
  destroy(): void
  updateToken(token: string): void
}

interface SdkCall {
  readonly parameters: Readonly<Record<string, string>>
  readonly customParameters: ReadonlyMap<string, string>
  accept(): void
  reject(): void
  disconnect(): void
  mute(on: boolean): void
  sendDigits(digits: string): void
  status(): string
}

declare global {
  var telephone: Telephone
}

/** Switches of a browser whose pages may have a microphone without being asked. */
export const microphone = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream']

export async function telephonePage(browser: Browser, url: string, tone: number): Promise<Page> {
  const context = await browser.newContext()
  context.setDefaultTimeout(patience_ms)
  const page = await context.newPage()
  await page.addInitScript({ content: `${microphoneOf(tone)}\n${read('telephone.js')}` })
  await page.goto(url)
  await page.addScriptTag({ content: library })
  return page
}
