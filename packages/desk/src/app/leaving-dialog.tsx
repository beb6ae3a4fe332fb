import { AlertDialog } from '@base-ui/react/alert-dialog'
import { useStore } from '../live/store.ts'
import { useWords } from '../words/words.ts'
import { isLeaving, signOut } from './leaving.ts'

/** Somebody signs out while an offer rings: nobody would answer it. */
export function LeavingDialog() {
  const words = useWords()
  const isOpen = useStore(isLeaving)
  return (
    <AlertDialog.Root open={isOpen} onOpenChange={(now) => isLeaving.set(now)}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="backdrop" />
        <AlertDialog.Popup className="pop dialog">
          <AlertDialog.Title className="dialog-title">{words.account.signOut}</AlertDialog.Title>
          <AlertDialog.Description>{words.account.ringing}</AlertDialog.Description>
          <div className="dialog-actions">
            <AlertDialog.Close className="button">{words.account.stay}</AlertDialog.Close>
            <button type="button" className="button primary" onClick={signOut}>
              {words.account.signOut}
            </button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}
