import { Copy } from 'lucide-react'
import { useWords } from '../words/words.ts'

/** A value of JSON as its parts, each with its name: typed, and nothing is run. */
export function AttributeTree({ name, value }: { readonly name: string; readonly value: unknown }) {
  const words = useWords()
  if (typeof value === 'object' && value !== null) {
    const parts = Object.entries(value)
    return (
      <li>
        <span className="attribute-name">{name}</span>
        {parts.length === 0 ? (
          <span className="age">{Array.isArray(value) ? '[]' : '{}'}</span>
        ) : (
          <ul className="attributes">
            {parts.map(([key, part]) => (
              <AttributeTree key={key} name={Array.isArray(value) ? String(Number(key) + 1) : key} value={part} />
            ))}
          </ul>
        )}
      </li>
    )
  }
  const text = String(value)
  return (
    <li className="attribute">
      <span className="attribute-name">{name}</span>
      <span className={`attribute-value ${typeof value}`} dir="auto">
        {text}
      </span>
      <button
        type="button"
        className="icon-button small"
        aria-label={words.context.copy(name)}
        onClick={() => void navigator.clipboard?.writeText(text)}
      >
        <Copy size={13} />
      </button>
    </li>
  )
}
