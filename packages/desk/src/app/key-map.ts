/*
 * Which keys do what. `Mod` is Ctrl, or ⌘ on Macs; a key alone counts where nobody is typing; two letters are one after the
 * other. People change them, take them away, or have those that they know from Flex (WCAG 2.1.4).
 */

/** What can be done by key or in the command bar: `[name of its words, key]`; without a key, in the command bar alone. */
const commandKeys = [
  ['accept', 'A'],
  ['reject', 'R'],
  ['next', 'J'],
  ['previous', 'K'],
  ['unanswered', 'U'],
  ['reply', 'C'],
  ['note', 'N'],
  ['send', 'Mod+Enter'],
  ['transfer', 'T'],
  ['invite', 'I'],
  ['park', 'P'],
  ['end', 'E'],
  ['activity', 'S'],
  ['why', 'W'],
  ['mute', 'M'],
  ['foldTasks', '['],
  ['fold', ']'],
  ['find', 'F'],
  ['pane', 'F6'],
  ['paneBefore', 'Shift+F6'],
  ['goDesk', 'G D'],
  ['goQueues', 'G Q'],
  ['commandBar', 'Mod+K'],
  ['showKeys', '?'],
  ['theme', ''],
  ['signOut', '']
] as const

export type CommandName = (typeof commandKeys)[number][0]

/** Keys that somebody has chosen; an empty text takes one away. */
export type OwnKeys = { readonly [name in CommandName]?: string }

/** Those of Flex's desktop, of which browsers keep some for themselves. */
const flexKeys: OwnKeys = {
  accept: 'Mod+Shift+A',
  reject: 'Mod+Shift+R',
  next: 'Mod+Shift+T',
  previous: 'Mod+Shift+Y',
  activity: 'Mod+Shift+S',
  end: 'Mod+Shift+1',
  signOut: 'Mod+Shift+0'
}

/** Others that always do the same, beside what is chosen: they work while somebody is typing. */
export const fixedKeys: Readonly<Record<string, CommandName>> = {
  'Mod+Shift+Enter': 'accept',
  'Alt+ArrowDown': 'next',
  'Alt+ArrowUp': 'previous',
  '/': 'find'
}

/** Which task of the list a key opens, from 0: `Mod+1` the first. */
export function placeIn(key: string | undefined): number | undefined {
  const [, digit] = /^Mod\+([1-9])$/.exec(key ?? '') ?? []
  return digit === undefined ? undefined : Number(digit) - 1
}

export interface ChosenKeys {
  readonly keys?: OwnKeys
  readonly key_preset?: 'flex'
}

/** Every command with its key, in the order of the table. */
export function keysBy({ keys = {}, key_preset }: ChosenKeys): readonly (readonly [name: CommandName, key: string])[] {
  const preset: OwnKeys = key_preset === 'flex' ? flexKeys : {}
  return commandKeys.map(([name, key]) => [name, keys[name] ?? preset[name] ?? key])
}

/** What a key event says of itself. */
export type Pressed = Pick<KeyboardEvent, 'key' | 'code' | 'altKey' | 'ctrlKey' | 'metaKey' | 'shiftKey'>

/** The key as the table writes it; undefined for one that only goes with others. */
export function keyIn(event: Pressed, isMac: boolean): string | undefined {
  const { key, altKey, ctrlKey, metaKey, shiftKey } = event
  if (/^(?:Shift|Control|Alt|Meta|AltGraph|CapsLock|Dead|Process|Unidentified)$/.test(key)) return undefined
  const isMod = isMac ? metaKey : ctrlKey
  const name = nameOfKey(event, isMod || altKey)
  // What is written with Shift says so by itself (`?`), letters and named keys do not.
  const hasShift = shiftKey && (isMod || altKey || name.length > 1)
  return `${isMod ? 'Mod+' : ''}${altKey ? 'Alt+' : ''}${hasShift ? 'Shift+' : ''}${name}`
}

/** By the letter, or by its place where the layout has other letters; digits by their place where Shift makes signs of them. */
function nameOfKey({ key, code }: Pressed, isCombined: boolean): string {
  const digit = /^Digit(\d)$/.exec(code)?.[1]
  if (isCombined && digit !== undefined) return digit
  if (/^[a-z]$/i.test(key)) return key.toUpperCase()
  if (/^Key[A-Z]$/.test(code) && key.length === 1 && key.charCodeAt(0) > 127) return code.slice(3)
  return key === ' ' ? 'Space' : key
}

/** Whether it does something even while somebody is typing. */
export function isCombination(key: string): boolean {
  return /^(?:Mod|Alt)\+/.test(key) || /^(?:Shift\+)?F\d{1,2}$/.test(key)
}
