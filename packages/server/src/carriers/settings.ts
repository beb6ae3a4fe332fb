import { isJsonObject } from '@ringdown/contract/json-text'
import type { CarrierRow } from '@ringdown/engine/messaging/rows'

/** What a carrier's configuration says, read by name. What is wrong with it is thrown in a sentence. */
export class CarrierSettings {
  readonly #values: Readonly<Record<string, unknown>>

  constructor({ configuration }: Pick<CarrierRow, 'configuration'>) {
    const value: unknown = JSON.parse(configuration) // it was checked when it was given
    this.#values = isJsonObject(value) ? value : {}
  }

  text(name: string): string | undefined {
    const value = this.#values[name]
    if (value === undefined || value === null || value === '') return undefined
    if (typeof value !== 'string') throw new Error(`Configuration: ${name} must be a text`)
    return value
  }

  needed(name: string): string {
    const value = this.text(name)
    if (value === undefined) throw new Error(`Configuration: ${name} is missing`)
    return value
  }

  number(name: string, least: number, most: number, usual: number): number {
    const value = this.#values[name] ?? usual
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most)
      throw new Error(`Configuration: ${name} must be a whole number from ${least} to ${most}`)
    return value
  }

  flag(name: string, usual: boolean): boolean {
    const value = this.#values[name] ?? usual
    if (typeof value !== 'boolean') throw new Error(`Configuration: ${name} must be true or false`)
    return value
  }

  oneOf<const T extends string>(name: string, choices: readonly T[], usual: T): T {
    const value = this.text(name) ?? usual
    const found = choices.find((one) => one === value)
    if (found === undefined) throw new Error(`Configuration: ${name} must be one of ${choices.join(', ')}`)
    return found
  }
}
