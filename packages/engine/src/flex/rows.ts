import type { KindDefinition } from '../state/table.ts'

// biome-ignore lint/suspicious/noEmptyInterface: filled by the lead's helpers
export interface FlexKinds {}

export const flexKinds: { [K in keyof FlexKinds]: KindDefinition<FlexKinds[K]> } = {}
