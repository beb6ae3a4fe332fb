import { isJsonObject } from '@ringdown/contract/json-text'
import type { CarrierRow } from '@ringdown/engine/messaging/rows'

interface NumberSetting {
  readonly usual: number
  readonly min: number
  readonly max: number
}

/** A carrier's configuration, read by name. Throws a sentence about what is wrong with it. */
export class CarrierSettings {
  readonly #values: Readonly<Record<string, unknown>>

  constructor({ configuration }: Pick<CarrierRow, 'configuration'>) {
    const value: unknown = JSON.parse(configuration) // it was checked when it came
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

  number(name: string, { usual, min, max }: NumberSetting): number {
    const value = this.#values[name] ?? usual
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max)
      throw new Error(`Configuration: ${name} must be a whole number from ${min} to ${max}`)
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
