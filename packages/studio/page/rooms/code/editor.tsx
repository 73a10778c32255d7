import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { javascript } from '@codemirror/lang-javascript'
import { bracketMatching, indentOnInput, syntaxHighlighting } from '@codemirror/language'
import { lintGutter, setDiagnostics } from '@codemirror/lint'
import { unifiedMergeView } from '@codemirror/merge'
import { Compartment, EditorState } from '@codemirror/state'
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from '@codemirror/view'
import { classHighlighter } from '@lezer/highlight'
import { createEffect, on, onCleanup, onMount } from 'solid-js'

/** Where a text is wrong, and why. */
export interface Problem {
  /** From 1; left out where it is not known. */
  readonly line?: number
  readonly message: string
}

/** The shortest replacement that makes one text of another: the cursor stays where it can. */
export function replacement(from: string, to: string): { from: number; to: number; insert: string } {
  let start = 0
  while (start < from.length && from[start] === to[start]) start++
  let end = 0
  const most = Math.min(from.length, to.length) - start
  while (end < most && from.at(-1 - end) === to.at(-1 - end)) end++
  return { from: start, to: from.length - end, insert: to.slice(start, to.length - end) }
}

/** Beside a change: what takes it back. That a change is right is said by leaving it. */
function mergeControls(type: 'accept' | 'reject', act: (event: MouseEvent) => void): HTMLElement {
  if (type === 'accept') return document.createElement('span')
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'button quiet'
  button.textContent = 'Take back'
  button.addEventListener('click', act)
  return button
}

/** What is shown in the middle is scrolled to in the editor alone: the page stays where it is, with what it says over the file. */
const scrollWithin = EditorView.scrollHandler.of((view, { head }, { y }) => {
  if (y !== 'center') return false // the cursor: as the editor does it
  const { node } = view.domAtPos(head)
  const line = (node instanceof Element ? node : node.parentElement)?.getBoundingClientRect()
  if (line === undefined) return false
  const { top, bottom } = view.scrollDOM.getBoundingClientRect()
  view.scrollDOM.scrollTop += (line.top + line.bottom - top - bottom) / 2
  return true
})

/** An editor of one TypeScript file. Tab leaves it; Ctrl+Enter or Cmd+Enter runs. */
export default function Editor(props: {
  readonly label: string
  readonly text: string
  readonly original: string
  /** Shows what was changed from the original. */
  readonly changes: boolean
  readonly problem: Problem | undefined
  readonly onChange: (text: string) => void
  readonly onRun: () => void
}) {
  let place: HTMLDivElement | undefined
  let view: EditorView | undefined
  const merge = new Compartment()
  const mergeView = () => (props.changes ? unifiedMergeView({ original: props.original, mergeControls }) : [])
  const run = () => {
    props.onRun()
    return true
  }
  onMount(() => {
    view = new EditorView({
      ...(place && { parent: place }),
      state: EditorState.create({
        doc: props.text,
        extensions: [
          keymap.of([{ key: 'Mod-Enter', run }, ...defaultKeymap, ...historyKeymap]),
          [lineNumbers(), lintGutter(), history(), drawSelection(), indentOnInput(), bracketMatching()],
          [EditorView.lineWrapping, highlightActiveLine(), highlightActiveLineGutter()],
          [javascript({ typescript: true }), scrollWithin],
          syntaxHighlighting(classHighlighter),
          EditorView.contentAttributes.of({ 'aria-label': props.label, tabindex: '0' }),
          EditorView.updateListener.of(({ docChanged, state }) => {
            if (docChanged) props.onChange(state.doc.toString())
          }),
          merge.of(mergeView()),
        ],
      }),
    })
  })
  // What was edited before the editor was there is in sight.
  onMount(() => {
    if (props.text === props.original) return
    const { from } = replacement(props.original, props.text)
    view?.dispatch({ effects: EditorView.scrollIntoView(from, { y: 'center' }) })
  })
  onCleanup(() => view?.destroy())
  createEffect(() => {
    const [text, now] = [props.text, view?.state.doc.toString()]
    if (view === undefined || now === undefined || now === text) return
    const changes = replacement(now, text)
    // Can be undone, as all that is typed; and is shown.
    view.dispatch({ changes, effects: EditorView.scrollIntoView(changes.from, { y: 'center' }) })
  })
  createEffect(() => view?.dispatch({ effects: merge.reconfigure(mergeView()) }))
  createEffect(
    on(
      () => props.problem,
      (problem) => {
        if (view === undefined) return
        const { doc } = view.state
        const lines = problem?.line === undefined ? [] : [doc.line(Math.min(problem.line, doc.lines))]
        const marks = lines.map(({ from, to }) => ({
          ...{ from, to, severity: 'error' as const },
          message: problem?.message ?? '',
        }))
        view.dispatch(setDiagnostics(view.state, marks))
        const [first] = lines
        if (first) view.dispatch({ effects: EditorView.scrollIntoView(first.from, { y: 'center' }) })
      },
    ),
  )
  return (
    <div
      class="editor"
      data-test="editor"
      ref={(element) => {
        place = element
      }}
    />
  )
}
