export const flexCommands = {} as const
