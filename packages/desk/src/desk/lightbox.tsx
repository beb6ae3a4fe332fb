import { Dialog } from '@base-ui/react/dialog'
import { useState } from 'react'
import { useWords } from '../words/words.ts'

interface LightboxProps {
  readonly url: string
  readonly name: string
  readonly onSave: () => Promise<void>
  readonly onClose: () => void
}

/** A picture as large as the window, or as large as it is. */
export function Lightbox({ url, name, onSave, onClose }: LightboxProps) {
  const words = useWords()
  const [isWhole, setWhole] = useState(true)
  return (
    <Dialog.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="pop lightbox">
          <Dialog.Title className="dialog-title">{name}</Dialog.Title>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keys */}
          <div className={`lightbox-picture ${isWhole ? 'whole' : ''}`} tabIndex={0} role="group" aria-label={name}>
            <img src={url} alt={words.canvas.image(name)} />
          </div>
          <div className="dialog-actions">
            <button type="button" className="button" aria-pressed={!isWhole} onClick={() => setWhole(!isWhole)}>
              {words.canvas.zoom}
            </button>
            <button type="button" className="button" onClick={onSave}>
              {words.canvas.download(name)}
            </button>
            <Dialog.Close className="button primary">{words.close}</Dialog.Close>
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
