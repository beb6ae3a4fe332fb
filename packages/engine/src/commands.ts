import type { State } from './center.ts'
import type { CommandRule, Found, Read, Reads } from './core/command.ts'
import { merged } from './core/product.ts'
import { type AllCommands, products } from './products.ts'

/** Every command, by its type. */
export const commands = merged<AllCommands>(products, 'commands')

export type CommandType = keyof AllCommands & string
/** The parameters of a command. */
export type ParamsOf<T extends CommandType> = Parameters<AllCommands[T]['decide']>[1]
/** What deciding a command answers. */
export type ResultOf<T extends CommandType> = ReturnType<AllCommands[T]['decide']>
/** A command of one type: its parameters beside its type. */
export type CommandOf<T extends CommandType> = { readonly type: T } & ParamsOf<T>
export type Command = { [T in CommandType]: CommandOf<T> }[CommandType]

/** By command: its own reads, and those of products that react to what it does. */
const reads = new Map<string, readonly Reads<State, Command>[]>()
const rules: Readonly<Record<string, CommandRule<State, never, unknown>>> = commands
for (const [type, { reads: own }] of Object.entries(rules)) {
  const found = [own, ...products.map((product) => product.reads[type])].filter((one) => one !== undefined)
  if (found.length > 0) reads.set(type, found as unknown as Reads<State, Command>[]) // each is called with the command of its own type
}

/** What must be read from the store before the command is decided; nothing for nearly every command. */
export function readsOf(command: Command, state: State, found: Found = nothingFound): readonly Read[] {
  const rules = reads.get(command.type)
  return rules ? rules.flatMap((one) => one(command, state, found)) : nothing
}

const nothing: readonly Read[] = []
const nothingFound: Found = () => []
