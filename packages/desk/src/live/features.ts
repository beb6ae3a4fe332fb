import { objectIn } from './rows.ts'

/** The part of the configuration in which Flex's project template keeps its switches; empty where there is none. */
export function featureOf(configuration: unknown, name: string): Readonly<Record<string, unknown>> {
  const { ui_attributes } = objectIn(configuration)
  return objectIn(objectIn(objectIn(objectIn(ui_attributes).custom_data).features)[name])
}

/** Whether a switch of the template is on: what it says nothing of is. */
export function isFeatureOn(configuration: unknown, name: string): boolean {
  return featureOf(configuration, name).enabled !== false
}
