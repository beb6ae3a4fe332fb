import type { WebSocket } from 'ws'

/** Bytes that may wait for somebody who pings. Two dozen of the longest pongs are less. */
const unread_bytes = 64 * 1024

/**
 * Answers pings, of a server whose sockets do not by themselves (`autoPong: false`): whoever pings and does not read would
 * have the answers pile up.
 */
export function answerPings(socket: WebSocket): void {
  socket.on('ping', (data) => {
    if (socket.bufferedAmount > unread_bytes) socket.terminate()
    else socket.pong(data)
  })
}
