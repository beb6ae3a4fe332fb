import { ChevronDown } from 'lucide-react'
import type { ReactNode } from 'react'
import { choose, preferences } from '../app/preferences.ts'
import { useStore } from '../live/store.ts'

interface CardProps {
  /** By which it is remembered whether it is folded. */
  readonly name: string
  readonly title: string
  readonly beside?: ReactNode
  readonly children: ReactNode
}

/** A part of the context that folds, and stays so wherever its user is. */
export function Card({ name, title, beside, children }: CardProps) {
  const { folded_cards = [] } = useStore(preferences)
  const isFolded = folded_cards.includes(name)
  const turn = () =>
    choose({ folded_cards: isFolded ? folded_cards.filter((one) => one !== name) : [...folded_cards, name] })
  return (
    <section className="card">
      <h3>
        <button type="button" className="fold" aria-expanded={!isFolded} onClick={turn}>
          <ChevronDown size={14} aria-hidden /> {title}
        </button>
        {beside}
      </h3>
      {!isFolded && children}
    </section>
  )
}
