import { choose, preferences } from '../app/preferences.ts'
import { useStore } from '../live/store.ts'
import { useWords } from '../words/words.ts'
import { Divider } from './divider.tsx'

/** Widths of the panes beside the conversation, in CSS pixels. */
export const panes = {
  tasks: { usual: 316, min: 240, max: 480 },
  context: { usual: 336, min: 260, max: 560 }
} as const

/** The line at the inner side of a pane, by which its user makes it wider; it stays so. */
export function PaneDivider({ pane }: { readonly pane: keyof typeof panes }) {
  const words = useWords()
  const chosen = useStore(preferences)
  const { usual, min, max } = panes[pane]
  return (
    <Divider
      label={words[pane].width}
      {...{ min, max }}
      width={chosen[`${pane}_width`] ?? usual}
      isAfter={pane === 'context'}
      onChange={(width) => choose({ [`${pane}_width`]: width })}
    />
  )
}
