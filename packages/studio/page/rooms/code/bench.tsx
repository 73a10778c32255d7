import { createMemo, createSignal, onCleanup, Show } from 'solid-js'
import { Button } from '../../parts/button.tsx'
import { createLatest } from '../../parts/latest.ts'
import { fingerprint } from '../../parts/save.ts'
import { Scrubber } from '../../parts/scrubber.tsx'
import type { Values } from '../../state/fields.ts'
import type { Frame } from '../plane/engine/frames.ts'
import type { PlaneProblem } from '../plane/engine/problem.ts'
import { reach } from '../plane/fields.ts'
import type { Point } from '../plane/law.ts'
import { posterior } from '../plane/law.ts'
import { shownOf } from '../plane/pair.ts'
import type { Session } from '../plane/session.ts'
import { createSession } from '../plane/session.ts'
import type { Problem } from './editor.tsx'
import { Editor } from './editor.tsx'
import { FaultList } from './fault-list.tsx'
import type { PlantedFault } from './faults.ts'
import type { fields } from './fields.ts'
import { Plane } from './plane.tsx'
import type { CodeRequest } from './sandbox.ts'
import { createSandbox, EditError } from './sandbox.ts'
import { createText } from './text.ts'

export type CodeValues = Values<typeof fields>

/** The editor of one file, and both runs. */
export function Bench(props: {
  readonly path: string
  readonly original: string
  readonly faults: readonly PlantedFault[]
  readonly values: CodeValues
  readonly set: (change: Partial<CodeValues>) => void
  readonly plane: PlaneProblem
}) {
  const edited = createText(
    props.path,
    props.original,
    () => props.values.code,
    (code) => props.set({ code }),
  )
  const [changes, setChanges] = createSignal(false)
  const [ran, setRan] = createSignal<{ readonly code: string; readonly press: number }>()
  const [problem, setProblem] = createSignal<Problem>()
  const sandbox = createSandbox()
  onCleanup(sandbox.close)

  const request = () => ({
    plane: props.plane,
    method: props.values.method,
    count: props.values.n,
    seed: props.values.seed,
  })
  const own = shownOf(...sessionOf(createSession(request)), props.values)
  const other = shownOf(
    ...sessionOf(
      createSession<CodeRequest>(
        () => {
          const text = ran()
          return text && { ...request(), ...text, path: props.path }
        },
        (asked, take) => {
          setProblem(undefined)
          const running = sandbox.begin(asked, take)
          running.result.catch((error: unknown) => {
            if (error instanceof EditError && error.line !== undefined)
              setProblem({ line: error.line, message: error.message })
          })
          return running
        },
      ),
    ),
    props.values,
  )
  const isEdited = createMemo(() => edited.text() !== props.original)
  const run = () => {
    if (edited.foreign()) return // runs by the button that says so
    setRan({ code: edited.text(), press: (ran()?.press ?? 0) + 1 })
  }
  const accept = () => {
    edited.accept()
    run()
  }
  const put = (text: string) => {
    edited.replace(text)
    run()
  }
  const after = createMemo(() => posterior(props.plane.law, props.plane.stripe).law)
  const shared = {
    get law() {
      return props.plane.law
    },
    get posterior() {
      return after()
    },
    get stripe() {
      return props.plane.stripe
    },
    onStripe: ({ angle, offset, sigma }: PlaneProblem['stripe']) => props.set({ angle, offset, sigma }),
    onComponent: (index: number, [x, y]: Point) => {
      const within = (v: number) => Math.min(reach, Math.max(-reach, v))
      const rest = props.values.moved.filter((one) => one.index !== index)
      props.set({ moved: [...rest, { index, x: within(x), y: within(y) }] })
    },
  }
  const says = () => {
    const frame = own.frame()
    return frame === undefined ? '' : `step ${frame.index} of ${frame.steps}`
  }
  const stale = () => ran() !== undefined && ran()?.code !== edited.text()
  return (
    <div
      class="code-layout"
      data-settled={own.session.settled() && (ran() === undefined || other.session.settled())}
    >
      <section class="panel code-panel" aria-label="The file">
        <div class="row">
          <code class="code-path">solvers/src/{props.path}</code>
          <span class="grow" />
          <Button
            quiet
            pressed={changes()}
            onClick={() => setChanges(!changes())}
            disabled={!isEdited()}
            title="Marks what differs from the file of the repository"
          >
            What changed
          </Button>
          <Button quiet onClick={() => edited.replace(props.original)} disabled={!isEdited()}>
            Original
          </Button>
          <Show when={edited.before()}>
            {(text) => (
              <Button
                quiet
                onClick={() => edited.replace(text())}
                title="The edit that this took the place of"
              >
                Edit before
              </Button>
            )}
          </Show>
          <Show when={!edited.foreign()}>
            <Button onClick={run} title="Ctrl+Enter or Cmd+Enter in the editor">
              ▶ Run
            </Button>
          </Show>
        </div>
        <Show when={edited.foreign()}>
          <div class="note" role="status" data-test="foreign">
            <p>
              This code came by a link and has not run. Read it first: it will run in a worker that can reach
              nothing but the files of this page.
            </p>
            <Button onClick={accept}>Run the code of this link</Button>
          </div>
        </Show>
        <Show when={edited.note()}>
          {(note) => (
            <p class="note" role="status">
              {note()}
            </p>
          )}
        </Show>
        <Show when={other.session.error()}>
          {(error) => (
            <p class="note bad" role="alert" data-test="code-error">
              {error()}
            </p>
          )}
        </Show>
        <Editor
          label={`The file ${props.path}`}
          text={edited.text()}
          original={props.original}
          changes={changes() && isEdited()}
          problem={problem()}
          onChange={edited.edit}
          onRun={run}
        />
      </section>
      <section class="code-runs" aria-label="Both runs">
        <div class="stages two">
          <Plane side="a" title="As it is" shown={own} {...shared} />
          <Plane
            side="b"
            title={stale() ? 'Edited, before the last changes' : 'Edited'}
            shown={other}
            idle={
              isEdited() ? 'Press Run to see the edit.' : 'Change a line, or plant a fault, and press Run.'
            }
            {...shared}
          />
        </div>
        <div class="panel">
          <Scrubber
            at={props.values.at}
            moments={(own.frame()?.steps ?? 0) + 1}
            onMove={(at) => props.set({ at })}
            says={says()}
          />
          <Difference a={lastOf(own.session)} b={lastOf(other.session)} />
        </div>
        <FaultList faults={props.faults} original={props.original} text={edited.text()} onPlant={put} />
      </section>
    </div>
  )
}

const sessionOf = (session: Session) => [session, session.frames] as const

/** The result of a run that has ended. */
const lastOf = (session: Session): Frame | undefined => {
  const frame = session.frames().at(-1)
  return session.running() || session.error() !== undefined || frame?.index !== frame?.steps
    ? undefined
    : frame
}

/** How far the edit has moved the particles, each from the same noise. */
function Difference(props: { readonly a: Frame | undefined; readonly b: Frame | undefined }) {
  // No resource: while one loads, the page's Suspense takes the editor away, and its focus with it.
  const print = ({ x }: Frame) => fingerprint(x)
  const printA = createLatest(() => props.a, print)
  const printB = createLatest(() => props.b, print)
  const moved = () => {
    const [a, b] = [props.a?.x, props.b?.x]
    if (a === undefined || b === undefined || a.length !== b.length) return undefined
    let sum = 0
    for (let i = 0; i < a.length; i += 2)
      sum += Math.hypot((a[i] ?? 0) - (b[i] ?? 0), (a[i + 1] ?? 0) - (b[i + 1] ?? 0))
    return sum / (a.length / 2)
  }
  return (
    <Show when={moved() !== undefined}>
      <p class="small" data-test="moved">
        {moved() === 0
          ? 'The edit changes nothing: the same particles, bit for bit.'
          : `The edit moves a particle by ${moved()?.toPrecision(3)} in the mean.`}
      </p>
      <p class="small muted prints">
        SHA-256 of the particles: <code data-test="print-a">{printA() ?? ''}</code> as it is,{' '}
        <code data-test="print-b">{printB() ?? ''}</code> edited
      </p>
    </Show>
  )
}
