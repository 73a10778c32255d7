import {
  createEffect,
  createMemo,
  createSignal,
  lazy,
  Match,
  on,
  onCleanup,
  Show,
  Suspense,
  Switch,
} from 'solid-js'
import { Button } from '../../parts/button.tsx'
import { Chips } from '../../parts/chips.tsx'
import type { Running } from '../../worker/client.ts'
import { DigitsRuns } from './digits-runs.tsx'
import type { Problem } from './editor.tsx'
import { FaultList } from './fault-list.tsx'
import { planted } from './faults.ts'
import type { CodeValues } from './fields.ts'
import type { Ground } from './grounds.ts'
import { PlaneRuns } from './plane-runs.tsx'
import type { Text } from './sandbox.ts'
import { createSandboxes, EditError } from './sandbox.ts'
import type { MethodFile } from './sources.ts'
import { createText } from './text.ts'

/** CodeMirror comes as a file of its own. */
const Editor = lazy(() => import('./editor.tsx'))

/** The editor of one file, and both runs. */
export function Bench(props: {
  readonly file: MethodFile
  readonly values: CodeValues
  readonly set: (change: Partial<CodeValues>) => void
  /** Goes to the plane or to digits. */
  readonly onGround: (on: CodeValues['on']) => void
}) {
  const edited = createText(
    props.file.path,
    props.file.text,
    () => props.values.code,
    (code) => props.set({ code }),
  )
  const [changes, setChanges] = createSignal(false)
  const [ran, setRan] = createSignal<Text>()
  const [problem, setProblem] = createSignal<Problem>()
  const sandboxes = createSandboxes()
  onCleanup(sandboxes.close)

  let latest: unknown
  /** Runs a text, and shows why it does not. */
  function begin<R, F, S>(
    ground: Ground<R, F, S>,
    text: Text,
    request: R,
    take: (frames: readonly F[]) => void,
  ): Running<S> {
    setProblem(undefined)
    const running = sandboxes.begin(ground, text, request, take)
    latest = running
    running.result.catch((error: unknown) => {
      if (latest === running && error instanceof EditError)
        setProblem({ message: error.message, ...(error.line !== undefined && { line: error.line }) })
    })
    return running
  }
  const isEdited = createMemo(() => edited.text() !== props.file.text)
  const run = () => {
    if (edited.foreign()) return // runs by the button that says so
    setRan({ code: edited.text(), path: props.file.path, press: (ran()?.press ?? 0) + 1 })
  }
  const accept = () => {
    edited.accept()
    run()
  }
  const put = (text: string) => {
    edited.replace(text)
    run()
  }
  const fault = createMemo(() => {
    const { fault: name } = props.values
    const found = props.file.faults.find((one) => one.name === name)
    return { name, text: found && planted(props.file.text, found) }
  })
  createEffect(
    on(fault, ({ text }) => {
      if (text === undefined) return
      put(text)
      setChanges(true)
    }),
  )
  // What is edited on is no longer that fault.
  createEffect(
    on(edited.text, (text) => fault().name !== '' && text !== fault().text && props.set({ fault: '' }), {
      defer: true,
    }),
  )
  const stale = () => ran() !== undefined && ran()?.code !== edited.text()
  const shared = {
    begin,
    set: props.set,
    get values() {
      return props.values
    },
    get text() {
      return ran()
    },
    get edited() {
      return {
        title: stale() ? 'Edited, before the last changes' : 'Edited',
        idle: isEdited() ? 'Press Run to see the edit.' : 'Change a line, or plant a fault, and press Run.',
      }
    },
    get head() {
      return (
        <Chips
          label="What both run on"
          value={props.values.on}
          choices={[
            {
              value: 'plane',
              title: 'On the plane',
              about: 'A mixture in two dimensions, whose posterior is known',
            },
            { value: 'digits', title: 'On digits', about: 'Pictures, with a trained network as the prior' },
          ]}
          onChoose={props.onGround}
        />
      )
    },
  }
  return (
    <div class="code-layout">
      <section class="panel code-panel" aria-label="The file" data-tour="file">
        <div class="row" data-tour="run">
          <code class="code-path">solvers/src/{props.file.path}</code>
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
          <Button
            quiet
            onClick={() => edited.replace(props.file.text)}
            disabled={!isEdited()}
            title="Puts the file of the repository back; the edit is kept as the one before"
          >
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
        <Show when={fault().name !== '' && fault().text === undefined}>
          <p class="note" role="status">
            No fault of this file is named '{fault().name}'. Here is the file without it.
          </p>
        </Show>
        <Show when={edited.note()}>
          {(note) => (
            <p class="note" role="status">
              {note()}
            </p>
          )}
        </Show>
        <Show when={problem()}>
          {(found) => (
            <p class="note bad" role="alert" data-test="code-error">
              {found().message}
            </p>
          )}
        </Show>
        <Suspense fallback={<div class="editor" />}>
          <Editor
            label={`The file ${props.file.path}`}
            text={edited.text()}
            original={props.file.text}
            changes={changes() && isEdited()}
            problem={problem()}
            onChange={edited.edit}
            onRun={run}
          />
        </Suspense>
      </section>
      <div class="code-side">
        <Switch>
          <Match when={props.values.on === 'plane'}>
            <PlaneRuns {...shared} />
          </Match>
          <Match when={props.values.on === 'digits'}>
            <DigitsRuns {...shared} />
          </Match>
        </Switch>
        <FaultList faults={props.file.faults} original={props.file.text} text={edited.text()} onPlant={put} />
      </div>
    </div>
  )
}
