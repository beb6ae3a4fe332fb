/** Moves the focus to where something may be written, else to what is there to be read. */
export function focusInside(): void {
  requestAnimationFrame(() => {
    const place =
      document.querySelector<HTMLElement>('[data-focus]') ??
      document.querySelector<HTMLElement>('main input, main textarea, main button, h1')
    place?.focus({ preventScroll: true })
  })
}
