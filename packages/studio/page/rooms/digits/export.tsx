import { Show } from 'solid-js'
import { Button } from '../../parts/button.tsx'
import { createPrint } from '../../parts/print.ts'
import { saveFile } from '../../parts/save.ts'
import { SaveRun } from '../../parts/save-run.tsx'
import { resultOf } from '../../parts/session.ts'
import { animationOf } from './animation.ts'
import type { Frame } from './engine/frames.ts'
import { shapeOf } from './engine/problem.ts'
import type { Measurement } from './engine.ts'
import { painted } from './fields.ts'
import { planeOf } from './moments.ts'
import { commandOf, maskSheet, pictureName, programOf, runFileOf } from './reproduce.ts'
import type { Session } from './session.ts'
import { pngOf, sheetOf, sheetOfPlanes } from './sheet.ts'
import { traceOf } from './trace.ts'

/** The folder of a prior that was opened, in commands. */
export const ownPrior = 'YOUR-PRIOR'

/** Milliseconds of a frame of the animation, and of its last. */
const [each, final] = [60, 1500]

/** The way out of the page: pictures, the whole trace, and the command and the program that give the same bits. */
export function Export(props: {
  readonly side: 'a' | 'b'
  readonly session: Session
  readonly title: string
  /** The address of a map of the method's settings. */
  readonly map: string
  readonly pick: number
  /** That of photographs, as the command line has it. */
  readonly prior: string
  /** The latest; files are made once it is that of the frames. */
  readonly measurement: Measurement | undefined
}) {
  const last = () => resultOf(props.session)
  const print = createPrint(() => last()?.x.data)
  const done = () => {
    const [frame, of, measurement] = [last(), props.session.of(), props.measurement]
    if (frame === undefined || of === undefined || measurement === undefined) return undefined
    const { problem, seed } = of
    const isOf = JSON.stringify([measurement.problem, measurement.seed]) === JSON.stringify([problem, seed])
    return isOf ? { frame, of, measurement } : undefined
  }
  const png = (name: string, bytes: Uint8Array<ArrayBuffer>) => saveFile(name, bytes, 'image/png')
  return (
    <details class="export" data-test={`export-${props.side}`}>
      <summary>
        <i class="dot" style={{ background: `var(--${props.side})` }} /> {props.title} in Node, and files
      </summary>
      <Show when={done()} keyed fallback={<p class="small muted">When the run has ended.</p>}>
        {({ frame, of, measurement }) => {
          const samples = Array.from({ length: frame.x.shape[0] }, (_, n) => planeOf(frame.x, n))
          const moments = ({ x, x0hat, predicted }: Frame) =>
            [x, x0hat, predicted].map((all) => planeOf(all, props.pick))
          return (
            <>
              <p class="small">
                Save the picture{of.problem.operator === painted && ' and the mask'}, and this command gives
                the same samples, bit for bit.
                {of.problem.photo === undefined
                  ? ' The program and run.json have both in them.'
                  : ' run.json has it in it.'}
                {of.problem.photo && props.prior === ownPrior && ` ${ownPrior} is the folder of the prior.`}
              </p>
              <pre data-test={`command-${props.side}`} tabindex="0">
                {commandOf(of, of.problem.photo && props.prior)}
              </pre>
              <p class="small muted">
                SHA-256 of the samples in float32:{' '}
                <code data-test={`fingerprint-${props.side}`}>{print() ?? 'not in this browser'}</code>
              </p>
              <div class="row">
                <SaveRun
                  file={() =>
                    runFileOf(
                      of,
                      measurement.greys,
                      { page: location.href, sha256: print() },
                      of.problem.photo && props.prior,
                    )
                  }
                />
                <a class="small" href={props.map} title="Runs of this method over two of its options">
                  A map of its settings
                </a>
                <Button
                  onClick={() =>
                    png(pictureName(of.problem), pngOf(sheetOfPlanes(shapeOf(of.problem), measurement.greys)))
                  }
                >
                  Save {pictureName(of.problem)}
                </Button>
                <Show when={of.problem.operator === painted}>
                  <Button onClick={() => png('mask.png', pngOf(maskSheet(of.problem.mask)))}>
                    Save mask.png
                  </Button>
                </Show>
                <Show when={of.problem.photo === undefined}>
                  <Button
                    onClick={() => saveFile('digit.ts', programOf(of, measurement.greys), 'text/plain')}
                  >
                    Save the program
                  </Button>
                </Show>
                <Button
                  onClick={() =>
                    png(
                      'samples.png',
                      pngOf(
                        sheetOf([[planeOf(measurement.truth, 0), planeOf(measurement.shown, 0)], samples]),
                      ),
                    )
                  }
                >
                  Save the pictures
                </Button>
                <Button
                  onClick={() => {
                    const frames = props.session.frames()
                    const delays = frames.map((_, i) => (i === frames.length - 1 ? final : each))
                    png(
                      'run.png',
                      animationOf(
                        frames.map((one) => sheetOf([moments(one)])),
                        delays,
                      ),
                    )
                  }}
                  title="An animated PNG of xₜ, x̂₀ and A x̂₀"
                >
                  Save the animation
                </Button>
                <Button
                  onClick={() =>
                    saveFile(
                      'trace.npz',
                      Uint8Array.from(traceOf(props.session.frames(), measurement)),
                      'application/octet-stream',
                    )
                  }
                  title="x, x0hat, predicted, guidance, residual, psnr of every step, y and truth, for NumPy"
                >
                  Save the trace
                </Button>
              </div>
            </>
          )
        }}
      </Show>
    </details>
  )
}
