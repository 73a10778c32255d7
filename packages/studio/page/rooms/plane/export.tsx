import { Show } from 'solid-js'
import { Button } from '../../parts/button.tsx'
import { createPrint } from '../../parts/print.ts'
import { saveFile } from '../../parts/save.ts'
import { SaveRun } from '../../parts/save-run.tsx'
import { resultOf } from '../../parts/session.ts'
import { commandOf, problemModule, programOf, runFileOf } from './reproduce.ts'
import type { Session } from './session.ts'

/** The way out of the page: the problem as a file, the command that gives the same bits, the picture. */
export function Export(props: {
  readonly side: 'a' | 'b'
  readonly session: Session
  readonly title: string
  /** The address of a map of the method's settings. */
  readonly map: string
  readonly population: boolean
  readonly branched: boolean
}) {
  const last = () => resultOf(props.session)
  const print = createPrint(() => last()?.x)
  const request = () => (last() === undefined ? undefined : props.session.of())
  const picture = () => {
    const canvas = document.querySelectorAll<HTMLCanvasElement>('.stage canvas')[props.side === 'a' ? 0 : 1]
    canvas?.toBlob((blob) => blob && saveFile('plane.png', blob, 'image/png'))
  }
  return (
    <details class="export" data-test={`export-${props.side}`}>
      <summary>
        <i class="dot" style={{ background: `var(--${props.side})` }} /> {props.title} in Node, and files
      </summary>
      <Show when={request()} fallback={<p class="small muted">When the run has ended.</p>}>
        {(of) => (
          <>
            <Show
              when={!props.branched}
              fallback={<p class="small">A branch is not on the command line; its link has all of it.</p>}
            >
              <p class="small">
                Save the problem, and {props.population ? 'this program' : 'this command'} gives the same
                particles, bit for bit.
              </p>
              <pre data-test={`command-${props.side}`} tabindex="0">
                {props.population ? programOf(of()) : commandOf(of())}
              </pre>
            </Show>
            <p class="small muted">
              SHA-256 of the particles in float32:{' '}
              <code data-test={`fingerprint-${props.side}`}>{print() ?? 'not in this browser'}</code>
            </p>
            <div class="row">
              <SaveRun
                file={() =>
                  runFileOf(of(), { population: props.population, page: location.href, sha256: print() })
                }
              />
              <a class="small" href={props.map} title="Runs of this method over two of its options">
                A map of its settings
              </a>
              <Button onClick={() => saveFile('plane.ts', problemModule(of(), location.href), 'text/plain')}>
                Save plane.ts
              </Button>
              <Button onClick={picture}>Save the picture</Button>
            </div>
          </>
        )}
      </Show>
    </details>
  )
}
