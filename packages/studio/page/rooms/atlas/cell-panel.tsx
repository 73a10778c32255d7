import { For, Show } from 'solid-js'
import { createPrint } from '../../parts/print.ts'
import { SaveRun } from '../../parts/save-run.tsx'
import { runFileOf as digitsFile } from '../digits/reproduce.ts'
import { runFileOf as planeFile } from '../plane/reproduce.ts'
import type { MapCell } from './cells.ts'
import type { CellResult } from './engine/cell.ts'
import type { Known } from './map-session.ts'
import { scores } from './scores.ts'
import { Thumbnail } from './thumbnail.tsx'

/** The most samples that are shown. */
const most = 4

/** All of one cell: its samples, its scores, its cost, the way to its run and its file. */
export function CellPanel(props: { readonly cell: MapCell; readonly known: Known | undefined }) {
  const result = (): CellResult | undefined =>
    props.known !== undefined && 'result' in props.known ? props.known.result : undefined
  const error = () => (props.known !== undefined && 'error' in props.known ? props.known.error : undefined)
  const print = createPrint(() => result()?.x)
  const file = ({ weights, greys }: CellResult) => {
    const page = new URL(props.cell.href, location.href).href
    const { run } = props.cell
    const sha256 = print()
    return run.on === 'digits'
      ? digitsFile(run.request, greys ?? new Uint8Array(), { page, sha256 })
      : planeFile(run.request, { page, sha256, population: weights !== undefined })
  }
  const numbers = ({ scores: found }: CellResult) =>
    Object.values(scores).flatMap((score) => {
      const value = found[score.name]
      return value === undefined ? [] : [{ ...score, value }]
    })
  return (
    <section class="cell-panel" aria-label="The cell that is looked at" data-test="cell">
      <h2>The cell that is looked at</h2>
      <p class="method">
        <code>{props.cell.method}</code>
      </p>
      <Show when={error()}>{(why) => <p class="bad-ink small">{why()}</p>}</Show>
      <Show
        when={result()}
        fallback={
          <Show when={error() === undefined}>
            <p class="small muted">Not run yet.</p>
          </Show>
        }
      >
        {(now) => (
          <>
            <div class="cell-samples">
              <For
                each={Array.from(
                  {
                    length: props.cell.run.on === 'digits' ? Math.min(most, props.cell.run.request.count) : 1,
                  },
                  (_, k) => k,
                )}
              >
                {(k) => <Thumbnail on={props.cell.run.on} result={now()} sample={k} />}
              </For>
            </div>
            <dl class="small">
              <For each={numbers(now())}>
                {({ title, value, digits, name }) => (
                  <div>
                    <dt>{title}</dt>
                    <dd>
                      {value.toFixed(digits)}
                      <Show when={name === 'sw' && now().scores.floor}>
                        {(floor) => <span class="muted"> floor {floor().toFixed(3)}</span>}
                      </Show>
                    </dd>
                  </div>
                )}
              </For>
              <div>
                <dt>Cost</dt>
                <dd>
                  {now().nfe} NFE{now().vjps > 0 && `, ${now().vjps} gradients`},{' '}
                  {(now().milliseconds / 1000).toFixed(1)} s
                </dd>
              </div>
            </dl>
          </>
        )}
      </Show>
      <div class="row">
        <a class="button" href={props.cell.href} data-test="open-run">
          Open this run
        </a>
        <Show when={result()}>{(now) => <SaveRun file={() => file(now())} />}</Show>
      </div>
      <Show when={print()}>
        {(hash) => (
          <p class="small muted print">
            SHA-256 <code data-test="fingerprint-cell">{hash()}</code>
          </p>
        )}
      </Show>
    </section>
  )
}
