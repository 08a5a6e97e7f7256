#!/usr/bin/env node
/** The program: enters a room, says what is typed, shows what others say, and leaves. */
import { runProgram } from '@mosaik/cli'
import type { Run } from '@mosaik/cli'
import { invitation } from './invitation.ts'
import { commandLine } from './options.ts'
import type { ChatOptions } from './options.ts'
import { enterRoom } from './room.ts'
import type { Room } from './room.ts'
import { openScreen } from './screen.ts'
import type { Screen } from './screen.ts'
import { piecesOf } from './text.ts'
import { Viewer } from './viewer.ts'

const LAST_WORDS_MS = 2_000

async function main({ options, signal, output, connect }: Run<ChatOptions>): Promise<void> {
  const isForPeople = !output.isJson && !options.quiet
  using screen = openScreen(output.say, isForPeople)
  signal.addEventListener('abort', () => screen[Symbol.dispose]())
  const print = isForPeople ? screen.print : (): void => {}
  const { network } = await connect({ mdns: options.mdns })
  const viewer = new Viewer(network.local.id, screen.isTerminal, print, output)
  for (const line of invitation(network.local.addresses)) print(line)
  const room = enterRoom(network, options.room, options.name, (event) => viewer.tell(event, room.people))
  try {
    const hasQuit = await Promise.race([converse(screen, room, viewer, signal), aborted(signal), room.failed])
    const patience = hasQuit === true ? AbortSignal.any([signal, AbortSignal.timeout(LAST_WORDS_MS)]) : signal
    await Promise.race([room.settled(), aborted(patience), room.failed])
  } finally {
    await room.leave()
  }
}

/** Until `/quit` (true), or the end of the input. Who is asked to end leaves what has been read and not yet said. */
async function converse({ lines }: Screen, room: Room, viewer: Viewer, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    const { value, done } = await lines.next()
    if (done === true) return false
    const line = value.trim()
    if (line === '/quit') return true
    if (line === '/who') viewer.who(room.people)
    else for (const piece of piecesOf(line)) await room.say(piece)
  }
  return false
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

await runProgram<ChatOptions>({ ...commandLine, main })
