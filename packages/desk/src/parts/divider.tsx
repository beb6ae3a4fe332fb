import { type KeyboardEvent, type PointerEvent, useRef } from 'react'

interface DividerProps {
  readonly label: string
  /** Of the pane beside, in CSS pixels. */
  readonly width: number
  readonly min: number
  readonly max: number
  /** Whether the pane stands after the line. */
  readonly isAfter?: boolean
  readonly onChange: (width: number) => void
}

const step = 16

/** The line between two panes: moved by pointer, and by arrows (WCAG 2.5.7). */
export function Divider({ label, width, min, max, isAfter = false, onChange }: DividerProps) {
  const from = useRef<{ readonly x: number; readonly width: number } | undefined>(undefined)
  const change = (wanted: number) => onChange(Math.round(Math.min(max, Math.max(min, wanted))))
  /** How much wider the pane is where the line has moved so far to the right. */
  const wider = (right: number) => (isAfter !== (document.documentElement.dir === 'rtl') ? -right : right)
  const onKeyDown = (event: KeyboardEvent) => {
    const moved = { ArrowRight: wider(step), ArrowLeft: wider(-step), Home: min - width, End: max - width }[event.key]
    if (moved === undefined) return
    event.preventDefault()
    change(width + moved)
  }
  const onPointerDown = (event: PointerEvent<HTMLElement>) => {
    from.current = { x: event.clientX, width }
    event.currentTarget.setPointerCapture(event.pointerId)
  }
  return (
    <div
      className={`divider ${isAfter ? 'after' : ''}`}
      role="separator"
      aria-orientation="vertical"
      aria-label={label}
      aria-valuenow={width}
      aria-valuemin={min}
      aria-valuemax={max}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onPointerDown={onPointerDown}
      onPointerMove={({ clientX }) => {
        if (from.current) change(from.current.width + wider(clientX - from.current.x))
      }}
      onPointerUp={() => {
        from.current = undefined
      }}
    />
  )
}
