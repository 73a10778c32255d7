import type { Accessor } from 'solid-js'
import { createEffect, createSignal, on, onCleanup, untrack } from 'solid-js'
import { keep, keptOf } from './kept.ts'
import { packed, unpacked } from './packed.ts'

/** The text of a method's file as it is edited. */
export interface EditedText {
  readonly text: Accessor<string>
  /** Came by a link, and is not the visitor's own: it must not run before a click. */
  readonly foreign: Accessor<boolean>
  /** An edit of the visitor's that another took the place of. */
  readonly before: Accessor<string | undefined>
  readonly note: Accessor<string | undefined>
  /** What was typed. */
  edit(text: string): void
  /** Puts another in its place, which is kept as the one before. */
  replace(text: string): void
  /** Makes a foreign text the visitor's own. */
  accept(): void
}

/** Milliseconds that a change may rest before the address has it. */
const rest = 250

/**
 * Keeps a text where it outlives the page: in the address, so that a link has it, and in this browser, so that nothing that was
 * typed is lost. A foreign text is kept in the address alone, until it is accepted.
 */
export function createText(
  path: string,
  original: string,
  code: Accessor<string>,
  setCode: (code: string) => void,
): EditedText {
  const own = () => keptOf(path).text ?? original
  const [text, setText] = createSignal(own())
  const [foreign, setForeign] = createSignal(false)
  const [before, setBefore] = createSignal(keptOf(path).before)
  const [note, setNote] = createSignal<string>()
  let written = '' // what this page put in the address itself
  let reading = false
  let timer: ReturnType<typeof setTimeout> | undefined
  const write = async (now: string) => {
    if (reading) return
    const short = now === original ? '' : await packed(now)
    if (untrack(text) !== now || reading) return
    written = short
    setCode(short)
  }
  /** Keeps a text, and what it took the place of; nothing of a text that is the original. */
  const store = (now: string, old = before()) => {
    setBefore(old)
    keep(path, { ...(now !== original && { text: now }), ...(old !== undefined && { before: old }) })
  }
  createEffect(
    on(code, async (link) => {
      if (link === written) return
      clearTimeout(timer) // what was typed before must not take the place of the link
      setNote(undefined)
      if (link === '') {
        written = ''
        setForeign(false)
        setText(own())
        return
      }
      reading = true
      const came = await unpacked(link)
      reading = false
      if (link !== untrack(code)) return
      written = link
      if (came === undefined) {
        setNote('The code of this link cannot be read: it may be cut off. Here is the file without it.')
        return
      }
      setForeign(came !== own() && came !== original)
      setText(came)
    }),
  )
  createEffect(
    on(text, (now) => {
      clearTimeout(timer)
      timer = setTimeout(() => void write(now), rest)
    }),
  )
  onCleanup(() => clearTimeout(timer))
  return {
    text,
    foreign,
    before,
    note,
    edit: (now) => {
      if (now === text()) return
      setNote(undefined)
      setText(now)
      if (!foreign()) store(now)
    },
    replace: (now) => {
      const old = text()
      setText(now)
      if (!foreign()) store(now, old === original || old === now ? before() : old)
    },
    accept: () => {
      const old = own()
      store(text(), old === original || old === text() ? before() : old)
      setForeign(false)
    },
  }
}
