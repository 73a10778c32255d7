import type { JSX } from 'solid-js'
import { For, Show } from 'solid-js'
import { Hint } from '../../parts/hint.tsx'
import type { Numbers } from './engine/numbers.ts'
import type { RunSummary } from './engine/run.ts'

/** The distance that fills the bar. */
const fullBar = 0.3

function Line(props: { readonly name: string; readonly about: string; readonly children: JSX.Element }) {
  return (
    <div class="line">
      <dt>
        {props.name} <Hint about={props.name}>{props.about}</Hint>
      </dt>
      <dd>{props.children}</dd>
    </div>
  )
}

/** How near the particles are to the exact law, in words, bars and numbers. */
export function Readout(props: {
  readonly side: 'a' | 'b'
  readonly title: string
  readonly numbers: Numbers | undefined
  readonly summary: RunSummary | undefined
  readonly running: boolean
}) {
  const cost = () => {
    const { summary } = props
    if (props.running) return 'running …'
    if (summary === undefined) return ''
    const gradients = summary.vjps > 0 ? `, ${summary.vjps} gradients` : ''
    return `${summary.nfe} NFE${gradients}, ${(summary.milliseconds / 1000).toFixed(1)} s`
  }
  return (
    <section class="readout" aria-label={`How near ${props.title} is to the exact posterior`}>
      <Show when={props.numbers}>
        {(numbers) => (
          <dl class="numbers" data-test={`numbers-${props.side}`}>
            <Line
              name="Distance"
              about="Sliced Wasserstein distance to exact draws of the law at this time. The mark is the floor: what as many exact draws have themselves."
            >
              <span class="bar-of" aria-hidden="true">
                <i
                  style={{
                    width: `${Math.min(100, (100 * numbers().sw) / fullBar)}%`,
                    background: `var(--${props.side})`,
                  }}
                />
                <b style={{ left: `${Math.min(100, (100 * numbers().floor) / fullBar)}%` }} />
              </span>
              {numbers().sw.toFixed(3)} <span class="muted">floor {numbers().floor.toFixed(3)}</span>
            </Line>
            <Line
              name="Spread"
              about="The variance of the particles over that of the exact law. Below 100 % a method claims to know more than y tells."
            >
              {Math.round(100 * numbers().spread)} %
            </Line>
            <Line
              name="Coverage"
              about="The part of the particles inside the outer green line, the region that holds 90 % of the exact law. Both less and more than 90 % are wrong."
            >
              {Math.round(100 * numbers().coverage)} % <span class="muted">of 90 %</span>
            </Line>
            <Line
              name="Modes"
              about="The part of the particles at each component of the prior, beside that of exact draws (green frames)."
            >
              <span
                class="modes"
                role="img"
                aria-label={numbers()
                  .occupancy.map((part, k) => `component ${k + 1}: ${Math.round(100 * part)} %`)
                  .join(', ')}
              >
                <For each={numbers().occupancy}>
                  {(part, k) => {
                    const top = () => Math.max(0.05, ...numbers().occupancy, ...numbers().exactOccupancy)
                    const height = (of: number) => `${(100 * of) / top()}%`
                    return (
                      <span>
                        <i style={{ height: height(part), background: `var(--${props.side})` }} />
                        <b style={{ height: height(numbers().exactOccupancy[k()] ?? 0) }} />
                      </span>
                    )
                  }}
                </For>
              </span>
            </Line>
            <Line
              name="Cost"
              about="NFE counts evaluations of the prior, each for all particles at once. A gradient goes back through one, and costs about two more."
            >
              {cost()}
            </Line>
          </dl>
        )}
      </Show>
      <For each={props.summary?.advice ?? []}>
        {(advice) => <p class="small muted">Its authors’ range is for pictures: {advice}</p>}
      </For>
    </section>
  )
}
