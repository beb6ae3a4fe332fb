/** Of the launcher and of what holds the frame: in a sheet of its own, which no policy of a page forbids. */
export const styles = `
*{box-sizing:border-box}
[hidden]{display:none!important}
.all{--s:56px;font:600 15px/20px system-ui,sans-serif}
.launcher{position:fixed;bottom:var(--y);display:flex;align-items:center;justify-content:center;gap:8px;height:var(--s);min-width:var(--s);padding:0 16px;border:0;border-radius:28px;background:var(--accent);color:var(--on);font:inherit;cursor:pointer;box-shadow:0 6px 20px -4px rgb(16 24 40/.35),0 2px 6px rgb(16 24 40/.14);-webkit-tap-highlight-color:transparent}
.wide{padding:0 20px 0 16px}
.right .launcher,.right .panel{right:var(--x)}
.left .launcher,.left .panel{left:var(--x)}
.launcher:focus-visible{outline:3px solid var(--on);outline-offset:-5px;box-shadow:0 0 0 3px var(--accent)}
.launcher:hover{filter:brightness(1.06)}
svg{width:24px;height:24px;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
.down,.open .chat,.open .badge{display:none}
.open .down{display:block}
.badge{position:absolute;top:-4px;inset-inline-end:-4px;min-width:22px;height:22px;padding:0 6px;border-radius:11px;background:#c0302b;color:#fff;font:600 12px/22px system-ui,sans-serif;text-align:center;box-shadow:0 0 0 2px #fff}
.panel{position:fixed;bottom:calc(var(--y) + var(--s) + 14px);width:min(384px,calc(100vw - 2*var(--x)));height:min(640px,calc(100vh - var(--y) - var(--s) - 34px));border-radius:16px;overflow:hidden;color-scheme:light dark;background:Canvas;box-shadow:0 16px 48px -8px rgb(16 24 40/.32),0 0 0 1px rgb(16 24 40/.08);animation:in .12s ease-out}
iframe{display:block;width:100%;height:100%;border:0;border-radius:inherit;color-scheme:light dark}
@keyframes in{from{opacity:0;transform:translateY(8px)}}
@media (max-width:480px){.panel{left:0!important;right:0!important;top:var(--t,0);bottom:auto;width:100%;height:var(--h,100dvh);border-radius:0}.open{display:none}}
@media (prefers-reduced-motion:reduce){.panel{animation:none}}
@media (forced-colors:active){.launcher,.panel{border:2px solid ButtonText}}
@media print{.all{display:none}}
`
